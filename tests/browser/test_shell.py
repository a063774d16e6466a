"""The layout of every page: sign-in, keys, palette, theme, narrow screens, accessibility."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from contracts.models import Contract
from portal.accounts.models import Team, TeamNamespace, User
from tests.browser.conftest import RunAxe, Theme, Visit

PAGES = [
    "/",
    "/account/",
    "/teams/",
    "/teams/platform/",
    "/teams/new/",
    "/users/",
    "/users/?q=nothing",
    "/audit/",
    "/api/docs/",
    "/search/?q=a",
    "/gone/",
]


def test_a_wrong_password_is_reported_and_the_username_kept(
    visit: Visit, developer: User, axe: RunAxe
) -> None:
    page = visit(None, "/account/")
    page.get_by_label("Name").fill("developer")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Incorrect username or password")
    expect(page.get_by_label("Name")).to_have_value("developer")
    expect(page.get_by_label("Password")).to_be_focused()
    assert axe(page) == []


def test_signing_in_redirects_to_the_requested_page_and_signing_out_back(
    visit: Visit, developer: User
) -> None:
    page = visit(None, "/account/")
    page.get_by_label("Name").fill("developer")
    page.get_by_label("Password").fill("developer-secret")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana Developer")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_only_the_demo_offers_its_accounts(visit: Visit, settings: Settings) -> None:
    settings.DEMO = False
    expect(visit(None, "/login/").get_by_text("Demo accounts")).to_have_count(0)
    settings.DEMO = True
    expect(visit(None, "/login/").get_by_role("button", name="Sign in as engineer")).to_be_visible()


@pytest.mark.parametrize("opening", ["Control+k", "/"])
def test_the_palette_opens_searches_and_navigates(
    visit: Visit, administrator: User, axe: RunAxe, opening: str
) -> None:
    page = visit(administrator, "/account/")
    page.keyboard.press(opening)
    dialog = page.get_by_role("dialog", name="Search and commands")
    expect(dialog.get_by_role("option", name="Audit log")).to_be_visible()
    page.keyboard.type("audit")
    expect(dialog.get_by_role("option")).to_have_count(1)
    assert axe(page) == []
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/audit/$"))


def test_arrows_move_the_selection_and_escape_closes(visit: Visit, administrator: User) -> None:
    page = visit(administrator, "/teams/")
    page.keyboard.press("Control+k")
    options = page.locator("#palette [role=option]")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).not_to_be_visible()


def test_g_and_a_letter_navigate_except_while_typing(visit: Visit, administrator: User) -> None:
    page = visit(administrator, "/account/")
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile("/teams/$"))
    page.goto("/audit/")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("gt")
    expect(page.get_by_role("searchbox")).to_have_value("gt")
    expect(page).to_have_url(re.compile("/audit/$"))


def test_slash_focuses_the_filter_of_the_page(visit: Visit, administrator: User) -> None:
    page = visit(administrator, "/audit/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_the_question_mark_lists_the_shortcuts(visit: Visit, administrator: User, axe: RunAxe) -> None:
    page = visit(administrator, "/teams/")
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Audit log")
    assert axe(page) == []


def test_the_theme_is_saved_and_rendered_by_the_server(visit: Visit, developer: User) -> None:
    page = visit(developer, "/account/", theme="light")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    answer = page.goto("/account/")
    assert answer is not None
    assert 'data-theme="dark"' in answer.text()
    page.get_by_text("System").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "auto")


def test_on_a_narrow_screen_the_sidebar_is_a_menu(visit: Visit, developer: User, axe: RunAxe) -> None:
    page = visit(developer, "/account/", width=390)
    entry = page.get_by_role("link", name="Teams", exact=True)
    expect(entry).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    expect(entry).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(entry).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    entry.click()
    expect(page).to_have_url(re.compile("/teams/$"))


def test_a_token_is_shown_once_and_can_be_copied(visit: Visit, developer: User, axe: RunAxe) -> None:
    page = visit(developer, "/account/")
    page.get_by_label("Name of the new token").fill("pipeline")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("#token-text")).to_contain_text("slw_")
    assert axe(page) == []
    page.goto("/account/")
    expect(page.locator("#token-text")).to_have_count(0)
    page.get_by_role("button", name="Revoke pipeline").click()
    expect(page.locator(".toast")).to_contain_text("revoked")


def test_a_toast_disappears_and_an_error_remains_until_it_is_closed(
    visit: Visit, developer: User, axe: RunAxe
) -> None:
    page = visit(developer, "/account/")
    page.clock.install()
    broken = ("error", "It broke <b>badly</b>.")
    for state, text in [broken, ("success", "Saved."), broken]:
        page.evaluate(
            "([state, text]) => document.dispatchEvent(new CustomEvent('toast', {detail: {state, text}}))",
            [state, text],
        )
    toasts = page.locator(".toast")
    expect(toasts).to_have_text(["Saved.", "It broke <b>badly</b>."])
    assert axe(page) == []
    page.clock.run_for(7000)
    expect(toasts).to_have_text(["It broke <b>badly</b>."])
    toasts.get_by_role("button", name="Close").focus()
    page.keyboard.press("Enter")
    expect(toasts).to_have_count(0)


def test_a_toast_is_above_the_action_bar(visit: Visit, contract: Contract, developer: User) -> None:
    page = visit(developer, "/catalog/service/create/", width=390)
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('toast', {detail: {state: 'error', text: 'x'.repeat(300)}}))"
    )
    toast, bar = page.locator(".toast").bounding_box(), page.locator(".action-bar").bounding_box()
    assert toast is not None
    assert bar is not None
    assert 0 <= toast["x"] <= 390 - toast["width"]
    assert toast["y"] + toast["height"] <= bar["y"]


def test_a_namespace_is_moved_with_the_keyboard(
    visit: Visit, administrator: User, checkout: Team, axe: RunAxe
) -> None:
    """On a phone; a stale page, and a form without a choice, say what is wrong."""
    stale = visit(administrator, "/teams/checkout/", width=390)
    page = visit(administrator, "/teams/checkout/", width=390)
    choice = page.get_by_label("Team that gets checkout-staging and its instances")
    move = page.get_by_role("button", name="Move checkout-staging", exact=True)
    choice.focus()
    page.keyboard.press("Tab")
    expect(move).to_be_focused()
    page.keyboard.press("Enter")
    expect(choice).to_be_focused()  # required
    page.keyboard.press("p")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("checkout-staging and its instances now belong to Platform.")).to_be_visible()
    expect(choice).to_have_count(0)
    assert axe(page) == []
    assert TeamNamespace.objects.get(name="checkout-staging").team.slug == "platform"
    stale.get_by_label("Team that gets checkout-staging and its instances").select_option("platform")
    stale.get_by_role("button", name="Move checkout-staging", exact=True).click()
    expect(stale.get_by_text("This namespace no longer belongs to the team.")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessibility_of_pages(
    visit: Visit, administrator: User, axe: RunAxe, theme: Theme, width: int
) -> None:
    page = visit(administrator, "/", theme=theme, width=width)
    for path in PAGES:
        page.goto(path)
        name = path.strip("/").replace("/", "-").partition("?")[0] or "home"
        assert axe(page, f"{name}-{theme}-{width}") == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{path} is wider than the screen"
        )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessibility_of_the_sign_in_page(
    visit: Visit, settings: Settings, axe: RunAxe, theme: Theme
) -> None:
    settings.DEMO = True
    assert axe(visit(None, "/login/", theme=theme)) == []
