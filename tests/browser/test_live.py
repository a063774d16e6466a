"""Live pages: updated at once, after a lost connection, and while there is none."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from pytest_django.fixtures import Settings

from portal.accounts.models import User
from portal.live.publish import publish
from tests.browser import live_site
from tests.browser.conftest import Visit


@pytest.fixture(autouse=True)
def one_live_fragment(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.browser.live_site"
    settings.LIVE_TOPICS = {"counter": "tests.browser.live_site.CounterTopic"}
    live_site.now.update(version=1, asked=0)
    live_site.CounterTopic.allowed = True


def publish_version(version: int) -> None:
    live_site.now["version"] = version
    publish("counter.1", version)


class Line:
    """The connection between page and server, which tests can cut and restore."""

    def __init__(self, page: Page) -> None:
        self.open: list[WebSocketRoute] = []
        self.connected = True
        page.route_web_socket("**/ws/live/**", self.connect)

    def connect(self, browser_end: WebSocketRoute) -> None:
        if not self.connected:
            browser_end.close(code=1012)
            return
        browser_end.connect_to_server()
        self.open.append(browser_end)

    def cut(self) -> None:
        self.connected = False
        for end in self.open:
            end.close(code=1012)
        self.open.clear()


@pytest.fixture
def account_page(visit: Visit, developer: User) -> Page:
    return visit(developer, "/account/")


@pytest.fixture
def line(account_page: Page) -> Line:
    return Line(account_page)


@pytest.fixture
def live_page(account_page: Page, line: Line) -> Page:
    account_page.goto("/live/")
    expect(account_page.locator("[data-live-label]")).to_have_text("Live")
    return account_page


def test_a_change_appears_without_reload_and_input_is_kept(live_page: Page) -> None:
    live_page.locator("#typing").fill("half a sen")
    publish_version(2)
    expect(live_page.locator("#part")).to_contain_text("Version 2")
    expect(live_page.locator("#typing")).to_have_value("half a sen")
    expect(live_page.locator("#typing")).to_be_focused()


def test_many_changes_at_once_are_few_requests(live_page: Page) -> None:
    for version in range(2, 60):
        publish_version(version)
    expect(live_page.locator("#part")).to_contain_text("Version 59")
    assert live_site.now["asked"] < 30


def test_without_changes_there_are_no_requests(live_page: Page, line: Line) -> None:
    line.cut()
    expect(live_page.locator("[data-live-label]")).to_have_text("Reconnecting")
    line.connected = True
    expect(live_page.locator("[data-live-label]")).to_have_text("Live")
    publish_version(2)
    expect(live_page.locator("#part")).to_contain_text("Version 2")
    assert live_site.now["asked"] == 1


def test_missed_changes_are_shown_after_reconnecting(live_page: Page, line: Line) -> None:
    line.cut()
    expect(live_page.locator("[data-live-label]")).to_have_text("Reconnecting")
    publish_version(7)
    line.connected = True
    expect(live_page.locator("#part")).to_contain_text("Version 7")
    expect(live_page.locator("[data-live-label]")).to_have_text("Live")


def test_without_a_connection_the_page_polls(visit: Visit, developer: User) -> None:
    page = visit(developer, "/account/")
    line = Line(page)
    line.connected = False
    page.clock.install()
    page.goto("/live/")
    publish_version(3)
    page.clock.run_for(16_000)
    expect(page.locator("#part")).to_contain_text("Version 3")


def test_a_revoked_right_is_shown(live_page: Page, line: Line) -> None:
    live_site.CounterTopic.allowed = False
    line.cut()
    line.connected = True
    expect(live_page.locator(".toast")).to_contain_text("You no longer have access.")
    expect(live_page.locator("[data-live-label]")).to_have_text("Offline")


def test_an_unreachable_server_is_shown_at_the_label_and_not_by_toasts(live_page: Page, visit: Visit) -> None:
    live_page.route("**/live/part/", lambda route: route.abort())
    with live_page.expect_event("requestfailed"):
        publish_version(2)
    live_page.unroute("**/live/part/")
    publish_version(3)
    expect(live_page.locator("#part")).to_contain_text("Version 3")
    expect(live_page.locator(".toast")).to_have_count(0)
    visit.complaints.clear()
