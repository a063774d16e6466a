"""The catalog in a real browser: choose, fill in, preview, submit, view, edit, delete."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from catalog.models import Change, Destination, Instance, State
from contracts.models import Contract
from portal.accounts.models import User
from tests.browser.conftest import RunAxe, Theme, Visit


def test_the_catalog_is_filtered_while_typing(
    visit: Visit, axe: RunAxe, developer: User, contract: Contract
) -> None:
    page = visit(developer, "/catalog/")
    assert axe(page) == []
    page.get_by_label("Filter contracts").fill("nothing like it")
    expect(page.get_by_role("heading", name="No results")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/catalog/\?q=nothing%20like%20it"))
    page.get_by_role("link", name="Clear filters").click()
    expect(page.get_by_role("link", name="Plain service", exact=True)).to_be_visible()


def test_a_form_previews_what_it_would_create_and_opens_the_instance(
    visit: Visit, axe: RunAxe, developer: User, contract: Contract, cluster: Destination
) -> None:
    page = visit(developer, "/catalog/service/create/")
    assert axe(page) == []
    page.locator("#name").fill("shop")
    page.locator("#namespace").select_option("checkout")
    page.get_by_label("Image", exact=False).fill("shop:2")
    expect(page.locator("#preview")).to_contain_text("image: shop:2")
    page.get_by_role("button", name="Add to Ports").click()
    expect(page.get_by_label("Name", exact=True).last).to_be_focused()
    page.keyboard.type("http")
    page.keyboard.press("Tab")
    page.keyboard.type("99999")
    expect(page.locator("#preview .problems")).to_contain_text("ports[0].port")
    page.locator("[name='/ports/@0/port']").fill("80")
    expect(page.locator("#preview .problems")).to_contain_text("All required fields are set")
    page.get_by_text("Resources").first.click()
    expect(page.locator("#preview [data-node=deployment]")).to_be_visible()
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop")
    assert Instance.objects.get().spec == {"image": "shop:2", "ports": [{"name": "http", "port": 80}]}


def test_the_action_bar_is_at_the_bottom_of_the_window(
    visit: Visit, developer: User, contract: Contract, cluster: Destination
) -> None:
    for height in (500, 900, 2400):  # a form that is longer than the window, and one that is much shorter
        page = visit(developer, "/catalog/service/create/")
        page.set_viewport_size({"width": 1440, "height": height})
        box = page.locator(".action-bar").bounding_box()
        assert box
        assert abs(box["y"] + box["height"] - height) <= 1
        page.context.close()


def test_typing_is_never_overwritten_by_a_response(
    visit: Visit, developer: User, contract: Contract, cluster: Destination
) -> None:
    page = visit(developer, "/catalog/service/create/")
    field = page.get_by_label("Image", exact=False)
    text = "registry.example.com/checkout/shop:1.2.3-rc.4"
    field.press_sequentially(text, delay=30)
    expect(page.locator("#preview")).to_contain_text(text)
    expect(field).to_have_value(text)
    expect(field).to_be_focused()


def test_a_refused_form_focuses_its_first_problem(
    visit: Visit, axe: RunAxe, developer: User, contract: Contract, cluster: Destination
) -> None:
    page = visit(developer, "/catalog/service/create/")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("problems to fix")
    expect(page.locator("#name")).to_be_focused()
    assert axe(page) == []


def test_form_and_yaml_are_one_draft(
    visit: Visit, developer: User, contract: Contract, cluster: Destination
) -> None:
    page = visit(developer, "/catalog/service/create/")
    page.get_by_label("Image", exact=False).fill("shop:3")
    page.get_by_role("button", name="YAML").click()
    expect(page.locator("code-editor .cm-content")).to_contain_text("image: shop:3")
    page.get_by_role("button", name="Form").click()
    expect(page.get_by_label("Image", exact=False)).to_have_value("shop:3")


def test_an_instance_page_updates_itself(
    visit: Visit, axe: RunAxe, developer: User, instance: Instance
) -> None:
    page = visit(developer, f"/instances/{instance.pk}/")
    expect(page.locator("[data-live-label]")).to_have_text("Live")
    assert axe(page) == []
    Instance.objects.filter(pk=instance.pk).update(state=State.DEGRADED, message="One copy is away.")
    instance.touch()
    expect(page.locator("#status-banner")).to_contain_text("One copy is away.")
    page.locator("[data-node=deployment]").click()
    expect(page.locator("#node-panel")).to_contain_text("kubectl get deployment.apps shop")
    assert axe(page) == []


def test_a_slow_server_loses_neither_clicks_on_add_nor_input(
    visit: Visit, developer: User, contract: Contract, cluster: Destination
) -> None:
    page = visit(developer, "/catalog/service/create/")
    page.route("**/create/preview/", lambda route: None)  # the server has not responded yet
    add = page.get_by_role("button", name="Add to Ports")
    with page.expect_request("**/create/preview/"):
        add.click()
    add.click()
    add.click()
    image = page.get_by_label("Image", exact=False)
    image.press_sequentially("shop:1", delay=60)
    page.get_by_text("large", exact=True).click()
    with page.expect_request("**/create/preview/"):
        page.unroute("**/create/preview/")
    expect(page.locator("[name^='/ports/@'][name$='/port']")).to_have_count(3)
    expect(image).to_have_value("shop:1")
    expect(page.get_by_label("large", exact=True)).to_be_checked()
    expect(page.locator("#preview")).to_contain_text("image: shop:1")
    expect(page.locator("#preview")).to_contain_text("size: large")


def test_a_row_removed_during_a_request_stays_removed(
    visit: Visit, developer: User, contract: Contract, cluster: Destination
) -> None:
    page = visit(developer, "/catalog/service/create/")
    add = page.get_by_role("button", name="Add to Ports")
    names = page.locator("[name^='/ports/@'][name$='/name']")
    add.click()
    expect(names).to_have_count(1)
    names.first.fill("first")
    expect(page.locator("#preview")).to_contain_text("name: first")
    page.route("**/create/preview/", lambda route: None)
    with page.expect_request("**/create/preview/"):
        add.click()
    page.get_by_role("button", name="Remove").first.click()
    page.unroute("**/create/preview/")
    expect(names).to_have_count(1)
    expect(names.first).to_have_value("")
    expect(page.locator("#preview")).not_to_contain_text("first")


def test_an_edit_shows_what_differs_while_typing(visit: Visit, developer: User, instance: Instance) -> None:
    page = visit(developer, f"/instances/{instance.pk}/edit/")
    page.get_by_label("Image", exact=False).fill("shop:2")
    changes = page.locator("#preview [data-pane=changes]")
    expect(changes.get_by_role("row", name="image shop:1 shop:2")).to_be_visible()
    page.get_by_label("Image", exact=False).fill("shop:1")
    expect(changes).to_contain_text("No changes yet.")
    page.get_by_label("Image", exact=False).fill("shop:3")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("#status-banner")).to_contain_text("Change requested")
    assert Change.objects.get().manifest["spec"] == {"image": "shop:3"}


def test_deleting_needs_the_name_and_shows_the_progress(
    visit: Visit, developer: User, instance: Instance
) -> None:
    page = visit(developer, f"/instances/{instance.pk}/delete/")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#confirm-error")).to_contain_text("Type “shop”")
    page.locator("#confirm-name").fill("shop")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".title .badge").first).to_have_text("Deleting")
    expect(page.locator("[data-live-label]")).to_have_text("Live")
    Change.objects.update(state="delivered")
    instance.delete()
    expect(page.get_by_role("heading", name="Deleted", exact=True)).to_be_visible()


PAGES = {
    "catalog": "/catalog/",
    "contract": "/catalog/service/",
    "create": "/catalog/service/create/",
    "instances": "/instances/",
    "instance": "/instances/{pk}/",
    "instance-node": "/instances/{pk}/?node=deployment",
    "instance-list": "/instances/{pk}/?view=list",
    "resources": "/instances/{pk}/?tab=resources",
    "history": "/instances/{pk}/?tab=history",
    "manifest": "/instances/{pk}/?tab=manifest",
    "edit": "/instances/{pk}/edit/",
    "delete": "/instances/{pk}/delete/",
    "home": "/",
}


@pytest.mark.parametrize("screen", [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)])
def test_accessibility_of_pages(
    visit: Visit, axe: RunAxe, developer: User, instance: Instance, screen: tuple[Theme, int]
) -> None:
    theme, width = screen
    page = visit(developer, "/catalog/", theme=theme, width=width)
    found = {}
    for name, path in PAGES.items():
        page.goto(path.format(pk=instance.pk))
        found[name] = axe(page, f"{name}-{theme}-{width}")
        overflow = page.locator("html").evaluate("page => page.scrollWidth - page.clientWidth")
        if overflow > 0:
            found[name].append(f"{overflow} pixels wider than the window")
    assert found == {name: [] for name in PAGES}
