"""A real browser against a real server: uvicorn in a thread, Debian's Chromium, the policy for scripts and
styles on.

    def test_something(visit, axe, shot, engineer):
        page = visit(engineer, "/catalog/", theme="dark", width=390)

Whatever the browser reports as an error, also a violation of the policy, fails the test that caused it;
a test that provokes some empties ``visit.complaints``.
``SLIPWAY_SCREENSHOTS=folder`` keeps what ``shot`` takes.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page

from catalog.models import Destination, Instance
from contracts.models import Contract
from contracts.publishing import publish
from portal.accounts.models import Membership, PortalRole, Role, Team, User
from portal.asgi import application
from tests.catalog.conftest import SERVICE, fill_instance
from tests.chromium import WITHIN

Theme = Literal["light", "dark"]
Shoot = Callable[[Page, str], None]


class RunAxe(Protocol):
    """The accessibility problems of a page, one per line. With a name, the page is photographed as well."""

    def __call__(self, page: Page, name: str = "") -> list[str]: ...


STARTS_WITHIN = 60
# The browser logs every 4xx response as an error; tests cause such responses on purpose.
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


@pytest.fixture(scope="session", autouse=True)
def orm_beside_the_browser() -> Iterator[None]:
    """Playwright's synchronous interface keeps an event loop in this thread, which Django would refuse to
    work in."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server that runs until all tests have ended."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    made = uvicorn.Server(
        uvicorn.Config(
            application, log_config=None, proxy_headers=False, lifespan="off", timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=made.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    until = time.monotonic() + STARTS_WITHIN
    while not made.started and time.monotonic() < until:
        thread.join(0.02)
    assert made.started, "the web server did not start"
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    made.should_exit = True
    thread.join(STARTS_WITHIN)


@pytest.fixture
def site(server: str, transactional_db: None) -> str:
    """The server's address, with a database that both sides see and that is empty again afterwards."""
    return server


class Visit(Protocol):
    complaints: list[str]

    def __call__(
        self, user: User | None = None, path: str = "/", *, theme: Theme = "light", width: int = 1440
    ) -> Page: ...


@pytest.fixture
def visit(site: str, chromium: Browser) -> Iterator[Visit]:
    """``visit(user or None, path, theme=, width=)`` opens a page as that user; each call is a browser of
    its own."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def note_errors(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def open_page(
        user: User | None = None, path: str = "/", *, theme: Theme = "light", width: int = 1440
    ) -> Page:
        context = chromium.new_context(
            base_url=site,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
        )
        contexts.append(context)
        cookies: list[Any] = [{"name": "theme", "value": theme, "url": site}]
        if user is not None:
            client = Client()
            client.force_login(user)
            cookies.append({"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site})
        context.add_cookies(cookies)
        page = context.new_page()
        page.set_default_timeout(WITHIN)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note_errors)
        page.goto(path)
        return page

    visit = cast(Visit, open_page)
    visit.complaints = complaints
    yield visit
    for context in contexts:
        context.close()
    assert not [text for text in complaints if not EXPECTED.match(text)]


@pytest.fixture
def axe(shot: Shoot) -> RunAxe:
    """The accessibility problems of a page, one per line; ``assert axe(page) == []``."""

    def run(page: Page, name: str = "") -> list[str]:
        if name:
            shot(page, name)
        found = Axe().run(page).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    return run


@pytest.fixture
def shot() -> Shoot:
    """Saves a screenshot of the page if ``SLIPWAY_SCREENSHOTS`` names a folder."""
    folder = os.environ.get("SLIPWAY_SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")

    return take


def create_user(name: str, team: Team | None, role: str = Role.DEVELOPER, **fields: Any) -> User:
    user = User.objects.create_user(name, password=f"{name}-secret", **fields)
    if team:
        Membership.objects.create(user=user, team=team, role=role)
    return user


@pytest.fixture
def platform(site: str) -> Team:
    return Team.objects.create(slug="platform", name="Platform", offers_to_all=True)


@pytest.fixture
def checkout(site: str) -> Team:
    team = Team.objects.create(slug="checkout", name="Checkout")
    team.namespaces.create(name="checkout")
    team.namespaces.create(name="checkout-staging")
    return team


@pytest.fixture
def engineer(platform: Team) -> User:
    return create_user(
        "engineer",
        platform,
        Role.ENGINEER,
        portal_role=PortalRole.ENGINEER,
        first_name="Emil",
        last_name="Engineer",
    )


@pytest.fixture
def developer(checkout: Team) -> User:
    return create_user("developer", checkout, Role.DEVELOPER, first_name="Dana", last_name="Developer")


@pytest.fixture
def administrator(platform: Team) -> User:
    return create_user(
        "admin", platform, Role.ADMIN, portal_role=PortalRole.ADMIN, first_name="Ada", last_name="Admin"
    )


@pytest.fixture
def contract(platform: Team) -> Contract:
    publish(SERVICE, by=None, note="First")
    return Contract.objects.select_related("revision").get(name="service")


@pytest.fixture
def cluster(site: str) -> Destination:
    return Destination.objects.create(
        slug="default", title="Embedded cluster", is_default=True, reachable=True, simulated=True
    )


@pytest.fixture
def instance(contract: Contract, cluster: Destination, checkout: Team) -> Instance:
    return fill_instance(contract, cluster, checkout)
