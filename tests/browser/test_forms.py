"""Forms in a browser: what it does to texts, nested rows by keyboard, news while an instance is edited."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from catalog.changes import propose_deletion, propose_update
from catalog.models import Change, Destination, Instance
from contracts.models import Contract
from contracts.publishing import publish
from portal.accounts.models import Team, User
from tests.browser.conftest import RunAxe, Theme, Visit, create_user
from tests.catalog.conftest import fill_instance
from tests.catalog.test_form_values import ANYTHING, SPEC


@pytest.fixture
def anything(platform: Team, cluster: Destination) -> Contract:
    publish(ANYTHING, by=None, note="First")
    return Contract.objects.select_related("revision").get(name="anything")


@pytest.fixture
def edited(anything: Contract, cluster: Destination, checkout: Team) -> Instance:
    return fill_instance(anything, cluster, checkout, "cf", spec=SPEC, status={})


def save(page: Page) -> None:
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("#status-banner")).to_contain_text("Change")


def test_a_browser_changes_no_text_that_was_not_typed(
    visit: Visit, developer: User, edited: Instance
) -> None:
    page = visit(developer, f"/instances/{edited.pk}/edit/")
    page.get_by_role("button", name="YAML").click()
    expect(page.locator("code-editor .cm-content")).to_contain_text("kind: Anything")
    page.get_by_role("button", name="Form", exact=True).click()
    page.get_by_label("Replicas", exact=False).fill("4")
    changes = page.locator("#preview [data-pane=changes]")
    expect(changes.get_by_role("row")).to_have_count(2)
    save(page)
    assert Change.objects.get().manifest["spec"] == {**SPEC, "replicas": 4}


def test_lines_are_edited_in_a_textarea(visit: Visit, developer: User, edited: Instance) -> None:
    page = visit(developer, f"/instances/{edited.pk}/edit/")
    text = page.locator("textarea[name='/files/@0/#value']")
    expect(text).to_have_value("a=1\nb=2\n")
    text.fill("a=1\nb=3\n")
    expect(page.locator("#preview [data-pane=changes]")).to_contain_text("b=3")
    save(page)
    files = {**SPEC["files"], "app.conf": "a=1\r\nb=3\r\n"}  # type: ignore[dict-item]
    assert Change.objects.get().manifest["spec"] == {**SPEC, "files": files}


def test_maps_of_lists_are_filled_in_with_the_keyboard(
    visit: Visit, axe: RunAxe, developer: User, anything: Contract
) -> None:
    page = visit(developer, "/catalog/anything/create/")
    page.locator("#name").fill("new")
    page.locator("#namespace").select_option("checkout")
    page.get_by_role("button", name="Add to Hosts").press("Enter")
    expect(page.locator("[name='/hosts/@0/#key']")).to_be_focused()
    page.keyboard.type("eu")
    page.get_by_role("button", name="Add to Host 1").press("Enter")
    expect(page.locator("[name='/hosts/@0/@0/#value']")).to_be_focused()
    page.keyboard.type("a.example.com")
    page.get_by_role("button", name="Add to Env").press("Enter")
    expect(page.locator("[name='/env/@0/#key']")).to_be_focused()
    page.keyboard.type("web")
    page.get_by_role("button", name="Add to Env 1").press("Enter")
    expect(page.locator("[name='/env/@0/@0/#key']")).to_be_focused()
    page.keyboard.type("LEVEL")
    page.keyboard.press("Tab")
    page.keyboard.type("debug")
    expect(page.locator("#preview")).to_contain_text("LEVEL: debug")
    assert axe(page, "nested") == []
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("new")
    assert Instance.objects.get().spec == {
        "hosts": {"eu": ["a.example.com"]},
        "env": {"web": {"LEVEL": "debug"}},
    }


def test_a_default_list_is_emptied_and_restored(visit: Visit, developer: User, anything: Contract) -> None:
    page = visit(developer, "/catalog/anything/create/")
    listed = page.locator("#s-f-listed")
    expect(listed.locator("[data-row]")).to_have_count(2)
    expect(listed).to_contain_text("default")
    listed.get_by_role("button", name="Remove Listed 1").click()
    expect(listed.get_by_role("button", name="Use the default of Listed")).to_be_visible()
    listed.get_by_role("button", name="Remove Listed 1").click()
    expect(page.locator("#preview")).to_contain_text("listed: []")
    listed.get_by_role("button", name="Use the default of Listed").click()
    expect(listed.locator("[data-row]")).to_have_count(2)
    expect(page.locator("#preview")).not_to_contain_text("listed")


def test_a_change_by_another_user_is_announced_and_merged(
    visit: Visit, axe: RunAxe, developer: User, checkout: Team, instance: Instance
) -> None:
    other = create_user("teammate", checkout)
    page = visit(developer, f"/instances/{instance.pk}/edit/")
    image = page.get_by_label("Image", exact=False)
    image.fill("shop:2")
    spec = {"image": "shop:1", "replicas": 5}
    propose_update(instance=instance, manifest={**instance.manifest, "spec": spec}, by=other)
    news = page.locator("#edit-news")
    expect(news).to_contain_text("This instance was changed by teammate")
    expect(news).to_contain_text("replicas not set → 5")
    expect(image).to_have_value("shop:2")
    assert axe(page, "edit-news") == []
    news.get_by_role("button", name="Merge").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Your changes were reapplied")
    expect(page.get_by_label("Image", exact=False)).to_have_value("shop:2")
    expect(page.locator("[name='/replicas']")).to_have_value("5")
    save(page)
    newest = Change.objects.latest("pk")
    assert [one["path"] for one in newest.touched] == [["spec", "image"]]


def test_a_deletion_is_announced_and_the_input_can_be_used_again(
    visit: Visit, developer: User, checkout: Team, instance: Instance
) -> None:
    page = visit(developer, f"/instances/{instance.pk}/edit/")
    page.get_by_label("Image", exact=False).fill("shop:2")
    expect(page.locator("#preview [data-pane=changes]")).to_contain_text("shop:2")
    propose_deletion(instance=instance, by=create_user("teammate", checkout))
    news = page.locator("#edit-news")
    expect(news).to_contain_text("The deletion of this instance was requested by teammate")
    instance.delete()
    expect(news).to_contain_text("This instance was deleted by teammate")
    page.get_by_label("Image", exact=False).fill("shop:3")
    news.get_by_role("button", name="Use for a new instance").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New: Plain service")
    expect(page.get_by_label("Image", exact=False)).to_have_value("shop:3")


@pytest.mark.parametrize("screen", [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)])
def test_accessibility_of_nested_rows(
    visit: Visit, axe: RunAxe, developer: User, edited: Instance, screen: tuple[Theme, int]
) -> None:
    theme, width = screen
    page = visit(developer, f"/instances/{edited.pk}/edit/", theme=theme, width=width)
    page.locator("#s-f-hosts").scroll_into_view_if_needed()
    assert axe(page, f"nested-{theme}-{width}") == []
    assert page.locator("html").evaluate("page => page.scrollWidth - page.clientWidth") <= 0
