"""Search fields with more text than a database takes."""

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
        ("x" * 5_000, ["x" * 1_000]),
    ],
    ids=["nothing", "twice", "many", "long"],
)
def test_the_first_words_count(text: str, words: list[str]) -> None:
    assert search_words(text) == words


def test_every_list_answers(
    sign_in: Callable[[str], Client], users: dict[str, User], teams: dict[str, Team]
) -> None:
    """Some databases compare only if there are rows."""
    admin = sign_in("admin")
    record("team.created", subject=teams["search"], by=users["admin"], team_slug="search")
    publish((SAMPLES / "stateless-service.yaml").read_text(encoding="utf-8"), by=None)
    for text in (MANY, "a " * 20_000, "x" * 60_000, "%_\\" * 20_000):
        assert {path: admin.get(path + text).status_code for path in LISTS} == dict.fromkeys(LISTS, 200)
