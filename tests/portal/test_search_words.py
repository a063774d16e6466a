"""Search fields with as much text as a query may have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from contracts.contract_templates import SAMPLES
from contracts.publishing import publish
from portal.accounts.models import Team, User
from portal.audit.record import record
from portal.search_words import search_words

pytestmark = pytest.mark.backends

MANY = " ".join(f"word{number}" for number in range(5_000))
LISTS = [
    "/catalog/?q=",
    "/instances/?q=",
    "/contracts/?q=",
    "/users/?q=",
    "/audit/?q=",
    "/audit/?verb=",
    "/audit/?team=",
    "/search/?q=",
    "/api/v1/contracts/?q=",
    "/api/v1/instances/?q=",
    "/api/v1/instances/?team=",
]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  shop   basket shop ", ["shop", "basket"]),
        (MANY, [f"word{number}" for number in range(12)]),
    ],
    ids=["nothing", "twice", "many"],
)
def test_the_first_words_count(text: str, words: list[str]) -> None:
    assert search_words(text) == words


def test_every_list_answers(
    sign_in: Callable[[str], Client], users: dict[str, User], teams: dict[str, Team]
) -> None:
    """At the limit of a query. Some databases compare only if there are rows."""
    admin = sign_in("admin")
    record("team.created", subject=teams["search"], by=users["admin"], team_slug="search")
    publish((SAMPLES / "stateless-service.yaml").read_text(encoding="utf-8"), by=None)
    for text in (MANY[:256], "a " * 128, "x" * 256, "%_\\" * 85):
        assert {path: admin.get(path + text).status_code for path in LISTS} == dict.fromkeys(LISTS, 200)
