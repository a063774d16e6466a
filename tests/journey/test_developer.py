"""A developer creates a service, changes it, reads its problems, and deletes it."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.journey.conftest import SignIn

COMES_UP_WITHIN = 60_000


def fill_in(page: Page, name: str, image: str) -> None:
    page.goto("/catalog/")
    page.get_by_role("link", name="Stateless service, lowest cost", exact=True).click()
    page.wait_for_url("**/catalog/stateless-service/")
    page.get_by_role("link", name="Create", exact=True).click()
    page.wait_for_url("**/catalog/stateless-service/create/")
    page.fill("[name=_name]", name)
    page.select_option("[name=_namespace]", "checkout")
    page.fill("[name='/image']", image)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile(r"/instances/\d+/"))


def expect_state(page: Page, word: str) -> None:
    expect(page.locator(".head .title")).to_contain_text(word, timeout=COMES_UP_WITHIN)


def test_a_service_is_created_changed_and_deleted(sign_in: SignIn) -> None:
    page = sign_in("developer")
    fill_in(page, "shop", "nginx:1.27")
    expect_state(page, "Ready")
    expect(page.get_by_text("http://shop.checkout.svc")).to_be_visible()

    page.get_by_role("link", name="Edit").click()
    page.fill("[name='/image']", "nginx:1.28")
    page.get_by_role("button", name=re.compile("Save|Apply|Update")).click()
    page.wait_for_url(re.compile(r"/instances/\d+/(\?.*)?$"))
    page.goto(f"{page.url.split('?')[0]}?tab=manifest")
    expect(page.locator("body")).to_contain_text("nginx:1.28")
    expect_state(page, "Ready")

    address = page.url.split("?")[0]
    page.goto(f"{address}delete/")
    page.fill("[name=name]", "shp")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete shop?")).to_be_visible()
    page.fill("[name=name]", "shop")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Deleted")).to_be_visible(timeout=COMES_UP_WITHIN)
    page.goto("/instances/?q=shop")
    expect(page.locator("table tbody").get_by_role("link", name="shop", exact=True)).to_have_count(0)


def test_an_image_that_cannot_be_pulled_is_reported_by_the_banner(sign_in: SignIn) -> None:
    page = sign_in("developer")
    fill_in(page, "mistake", "example/app:broken")
    expect(page.locator("#instance-live")).to_contain_text("ImagePullBackOff", timeout=COMES_UP_WITHIN)


def test_an_invalid_value_is_reported_at_its_field_and_no_input_is_lost(sign_in: SignIn) -> None:
    page = sign_in("developer")
    page.goto("/catalog/stateless-service/create/")
    page.fill("[name=_name]", "Not A Name")
    page.select_option("[name=_namespace]", "checkout")
    page.fill("[name='/port']", "99")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert").first).to_contain_text("problems to fix")
    expect(page.locator("[name=_name]")).to_have_value("Not A Name")
    expect(page.locator("[name='/port']")).to_have_value("99")
    expect(page.locator("body")).to_contain_text("1024")

    page.goto("/catalog/stateless-service/")
    page.get_by_role("link", name="Continue draft").click()
    expect(page.locator("[name=_name]")).to_have_value("Not A Name")
    page.get_by_role("button", name="Discard draft").click()
    page.goto("/catalog/stateless-service/")
    expect(page.get_by_role("link", name="Create", exact=True)).to_be_visible()


def test_the_same_form_works_without_javascript(sign_in: SignIn) -> None:
    page = sign_in("developer", java_script_enabled=False)
    fill_in(page, "plain", "nginx:1.27")
    deadline = time.monotonic() + COMES_UP_WITHIN / 1000
    while "Ready" not in page.locator(".head .title").inner_text() and time.monotonic() < deadline:
        page.reload()
    expect_state(page, "Ready")


def test_another_team_sees_none_of_it(sign_in: SignIn) -> None:
    owner = sign_in("developer")
    fill_in(owner, "private", "nginx:1.27")
    stranger = sign_in("other")
    answer = stranger.goto(owner.url)
    assert answer is not None
    assert answer.status == 404
    stranger.goto("/instances/?q=private")
    expect(stranger.locator("table")).to_have_count(0)
