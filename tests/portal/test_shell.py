"""The layout of every page, computed from settings and hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from portal.accounts.models import User
from portal.home.layout_context import LayoutContext
from portal.home.navigation import current_url, navigation
from portal.home.notices import Notice
from portal.home.search import MOST_PER_GROUP, Result
from portal.home.sections import HomeSection


def count_seven(user: User) -> Any:
    return 7


def find_many(user: User, text: str) -> Any:
    return [Result("Instances", f"{text}-{n}", f"/instances/{n}/") for n in range(20)]


def away_notice(user: User) -> Any:
    return [Notice("The cluster is away.", "Pages show what was last seen.", state="error")]


def home_section(request: HttpRequest) -> Any:
    return [HomeSection("home/_empty.html", {"title": "unused"}, wide=True)]


def weather() -> Any:
    return {"weather": "fog"}


def labels(user: User, path: str = "/") -> Any:
    return {entry.label: entry for section in navigation(user, path) for entry in section.entries}


@pytest.mark.parametrize(
    ("who", "not_offered"),
    [
        ("admin", set()),
        ("engineer", {"Users"}),
        ("lead", {"Users"}),
        ("developer", {"Contracts", "Users", "Audit log"}),
        ("outsider", {"Contracts", "Users", "Audit log"}),
    ],
)
def test_navigation_lists_what_the_user_may_use(users: dict[str, User], who: str, not_offered: Any) -> None:
    everything = {"Home", "Catalog", "Instances", "Contracts", "Teams", "Users", "Audit log", "API"}
    assert set(labels(users[who])) == everything - not_offered


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", "/"),
        ("/teams/", "/teams/"),
        ("/teams/checkout/", "/teams/"),
        ("/account/", ""),
        ("/teamsters/", ""),
    ],
)
def test_the_current_entry_has_the_longest_matching_path(settings: Settings, path: str, current: str) -> None:
    assert current_url(path, settings.NAVIGATION) == current


def test_an_entry_shows_the_count_of_its_app(users: dict[str, User], settings: Settings) -> None:
    settings.NAVIGATION_COUNTS = {"accounts:teams": "tests.portal.test_shell.count_seven"}
    assert labels(users["admin"])["Teams"].count == 7


def test_the_palette_shows_pages_and_results_of_apps(
    sign_in: Callable[[str], Client], settings: Settings
) -> None:
    settings.SEARCH_PROVIDERS = ["tests.portal.test_shell.find_many"]
    page = sign_in("admin").get("/search/?q=te", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in page
    assert "Teams" in page
    assert page.count('data-href="/instances/') == MOST_PER_GROUP


def test_without_javascript_search_is_a_page(sign_in: Callable[[str], Client], settings: Settings) -> None:
    settings.SEARCH_PROVIDERS = ["tests.portal.test_shell.find_many"]
    page = sign_in("admin").get("/search/?q=te").content.decode()
    assert '<a class="name" href="/instances/0/">te-0</a>' in page


def test_notices_are_shown_on_every_page(sign_in: Callable[[str], Client], settings: Settings) -> None:
    settings.PORTAL_NOTICES = ["tests.portal.test_shell.away_notice"]
    assert "The cluster is away." in sign_in("outsider").get("/account/").content.decode()


def test_readiness_includes_the_checks_of_apps(client: Client, db: None, settings: Settings) -> None:
    assert client.get("/readyz").json() == {"ready": True, "reasons": []}
    settings.READINESS_FACTS = ["tests.portal.test_shell.weather"]
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "reasons": [], "weather": "fog"}


def test_without_a_database_the_portal_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("django.db.connection.cursor", broken)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reasons": ["The database does not respond."]}


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><script>', "auto"), ("", "auto")]
)
def test_the_theme_is_one_of_three(cookie: str, theme: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert LayoutContext(request).theme == theme


@pytest.mark.parametrize(
    ("who", "team_line", "role_line"),
    [
        ("admin", "Team Platform", "Portal admin"),
        ("engineer", "Team Platform", "Platform engineer"),
        ("lead", "Team Checkout", "Team admin"),
        ("developer", "Team Checkout", "Developer"),
        ("outsider", "No team", "Guest"),
    ],
)
def test_the_menu_shows_user_team_and_role(
    users: dict[str, User], who: str, team_line: str, role_line: str
) -> None:
    request = RequestFactory().get("/")
    request.user = users[who]
    assert (LayoutContext(request).team_line, LayoutContext(request).role_line) == (team_line, role_line)
