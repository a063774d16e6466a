"""A database that is locked: 503 soon, and nothing that was typed is lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponseBase
from django.test import Client
from pytest_django.fixtures import Settings

from portal.accounts.models import APIToken, User
from portal.database_busy import is_busy
from tests.threads import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def locked(settings: Settings) -> Iterator[Callable[[], object]]:
    """``locked()`` takes the write lock, as a long transaction of the reconciler does."""
    if connection.vendor != "sqlite":
        pytest.skip("the file of SQLite is locked as a whole; a server locks rows")
    settings.DATABASE_WAIT = 0.2
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)) as other:
        yield lambda: other.execute("BEGIN IMMEDIATE")


def sent(request: Callable[[], HttpResponseBase]) -> tuple[HttpResponseBase, float]:
    """The response and its seconds. A request has its own thread and connection, as in a server."""
    responses: list[HttpResponseBase] = []
    began = time.monotonic()
    thread, failures = run(lambda: responses.append(request()))
    thread.join(30)
    assert failures == []
    return responses[0], time.monotonic() - began


def test_requests_are_answered_soon(
    locked: Callable[[], object], sign_in: Callable[[str], Client], users: dict[str, User]
) -> None:
    admin, anonymous = sign_in("admin"), Client()
    token = APIToken.issue(users["engineer"], "test")[1]
    api = Client(headers={"Authorization": f"Bearer {token}"})
    requests: dict[str, Callable[[], HttpResponseBase]] = {
        "page": lambda: admin.post("/contracts/import/", {"text": "kind: <Typed>"}),
        "htmx": lambda: admin.post(
            "/contracts/check/", {"text": "kind: <Typed>", "save": "1"}, headers={"HX-Request": "true"}
        ),
        "middleware": lambda: anonymous.post("/login/", {"username": "viewer", "password": "viewer-secret"}),
        "API": lambda: api.get("/api/v1/whoami/"),
    }
    locked()
    for name, request in requests.items():
        response, seconds = sent(request)
        assert (name, response.status_code, response.get("Retry-After")) == (name, 503, "2")
        assert seconds < 10  # far below the 20 s of commands
        text = getattr(response, "content", b"").decode()
        assert "The database is busy. Nothing was saved." in text
        assert ("kind: &lt;Typed&gt;" in text) == (name in ("page", "htmx"))


def test_pages_that_only_read_are_served(
    locked: Callable[[], object], sign_in: Callable[[str], Client]
) -> None:
    admin = sign_in("admin")
    locked()
    assert sent(lambda: admin.get("/teams/"))[0].status_code == 200


def test_a_wrong_query_is_not_a_busy_database() -> None:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    assert not is_busy(caught.value)
