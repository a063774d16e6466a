"""The audit log: immutable, filtered by the address, paged."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalog.models import ChangeState
from portal.accounts.models import Team, User
from portal.audit.models import Entry, EntryIsFinal
from portal.audit.record import record
from portal.audit.wording import all_wordings, describe
from tests.pages import squeezed

pytestmark = pytest.mark.backends

PACKAGES = ("portal", "contracts", "catalog", "reconciler")


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


# A verb with the details that it is recorded with → its sentence.
SENTENCES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a member": ("membership.created", {"user": "dana", "role": "viewer"}, "Added dana as viewer"),
    "a role": (
        "membership.changed",
        {"user": "dana", "role": "engineer", "before": "viewer"},
        "Changed the role of dana from viewer to engineer",
    ),
    "a first portal role": (
        "user.portal_role_changed",
        {"role": "admin", "before": ""},
        "Changed the portal role of X from none to portal admin",
    ),
    "a portal role that is not known": (
        "user.portal_role_changed",
        {"role": "owner", "before": ""},
        "User portal role changed: X",
    ),
    "an offer": ("team.offer_changed", {"offers_to_all": True}, "Offered the contracts of X to every team"),
    "no offer": (
        "team.offer_changed",
        {"offers_to_all": False},
        "Offered the contracts of X to the team only",
    ),
    "a namespace": (
        "namespace.moved",
        {"namespace": "shop", "from": "checkout", "to": "search"},
        "Moved the namespace shop from checkout to search",
    ),
    "a change": (
        "change.waiting",
        {"transition": "wait_for_schema", "from": "approved", "to": "waiting", "waits": "schema"},
        "“X” waits for the schema in the cluster",
    ),
    "a change of an earlier version": ("change.waiting", {}, "Change waiting: X"),
    "an end": ("change.superseded", {"successor": "7"}, "“X” was superseded by change 7"),
    "a revision": ("contract.published", {"revision": 3}, "Published revision 3 of X"),
    "a format string": (
        "contract.published",
        {"revision": "{subject.x}"},
        "Published revision {subject.x} of X",
    ),
    "an unknown verb": ("team.renamed", {"before": "{0}"}, "Team renamed: X"),
}


@pytest.mark.parametrize(("verb", "detail", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_sentences(verb: str, detail: dict[str, Any], sentence: str) -> None:
    assert describe(Entry(verb=verb, subject_name="X", detail=detail)).sentence == sentence


def test_details_that_the_sentence_says_are_not_repeated() -> None:
    detail = {"revision": 2, "digest": "abc", "note": "", "breaking": ["spec.a: removed"], "forced": False}
    described = describe(Entry(verb="contract.published", subject_name="X", detail=detail))
    assert described.details == (("digest", "abc"), ("breaking", ["spec.a: removed"]), ("forced", False))


# Where the verb is computed, and the verbs that it may be.
COMPUTED_VERBS = {
    "portal/audit/signals.py": {"namespace.assigned", "namespace.moved", "namespace.released"},
    "portal/accounts/users.py": {"user.deactivated", "user.reactivated"},
    "contracts/grants.py": {"grant.given", "grant.revoked"},
    "contracts/models.py": {"contract.withdrawn", "contract.reinstated"},
    "portal/accounts/views/teams.py": {f"membership.{what}" for what in ("created", "changed", "deleted")},
    "catalog/changes.py": {f"instance.{what}-requested" for what in ("creation", "update", "deletion")},
    "catalog/change_transitions.py": {"change.retried", *(f"change.{state}" for state in ChangeState)},
}


# Written without ``record``, which knows no failure of an unknown user.
SIGN_INS = {f"user.{what}" for what in ("signed_in", "signed_out", "sign_in_failed", "sign_in_throttled")}


def test_every_verb_has_a_sentence() -> None:
    root, constant, computed = Path(__file__).parents[2], set(), set()
    for path in (path for package in PACKAGES for path in (root / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("record", "record_sign_in")
            ):
                verb = node.args[0]
                if isinstance(verb, ast.Constant):
                    constant.add(str(verb.value))
                else:
                    computed.add(str(path.relative_to(root)))
    assert computed == set(COMPUTED_VERBS)
    assert constant.union(SIGN_INS, *COMPUTED_VERBS.values()) == set(all_wordings())


def test_a_page_has_sentences_verbs_and_every_line_of_a_list(
    sign_in: Callable[[str], Client], users: dict[str, User], teams: dict[str, Team]
) -> None:
    detail = {"contract": "<b>note</b>", "revision": 1, "reach": ["reads a", "binds <i>b</i>"]}
    record("grant.given", subject=teams["search"], by=users["admin"], reason="agreed <u>", detail=detail)
    page = sign_in("engineer").get("/audit/?q=search").content.decode()
    assert "Granted reach to &lt;b&gt;note&lt;/<wbr>b&gt;, revision 1" in page
    assert 'href="?q=search&amp;verb=grant.given"' in page
    assert [line in page for line in ("Reads a", "Binds &lt;i&gt;b", "agreed &lt;u&gt;")] == [True] * 3
