"""The audit log: immutable, filtered by the address, paged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import Team, User
from portal.audit.models import Entry, EntryIsFinal
from portal.audit.record import record
from tests.pages import squeezed

pytestmark = pytest.mark.backends


@pytest.fixture
def entries(users: dict[str, User], teams: dict[str, Team]) -> None:
    for number in range(120):
        record("team.renamed", subject=teams["checkout"], by=users["admin"], detail={"number": number})
    record("namespace.assigned", subject=teams["search"], by=None, team_slug="search", reason="asked for")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "1–50 of 121 entries"),
        ("page=3", "101–121 of 121 entries"),
        ("page=999", "101–121 of 121 entries"),
        ("page=nonsense", "1–50 of 121 entries"),
        ("verb=namespace.assigned", "1 entry"),
        ("team=search", "1 entry"),
        ("q=SEAR", "1 entry"),
        ("q=admin&verb=team.renamed", "1–50 of 120 entries"),
        ("q=zzz", "No entry matches"),
    ],
)
def test_filters_and_pages(sign_in: Callable[[str], Client], entries: Any, query: str, shown: Any) -> None:
    assert shown in squeezed(sign_in("engineer").get(f"/audit/?{query}"))


def test_paging_keeps_the_filters(sign_in: Callable[[str], Client], entries: Any) -> None:
    page = sign_in("engineer").get("/audit/?verb=team.renamed&q=checkout").content.decode()
    assert "?verb=team.renamed&amp;q=checkout&amp;page=2" in page


def test_an_entry_cannot_be_changed(entries: Any) -> None:
    entry = Entry.objects.first()
    assert entry is not None
    entry.reason = "changed afterwards"
    with pytest.raises(EntryIsFinal):
        entry.save()
    with pytest.raises(EntryIsFinal):
        entry.delete()


def test_slipway_may_be_the_actor(entries: Any) -> None:
    assert Entry.objects.get(team_slug="search").actor_name == "slipway"
