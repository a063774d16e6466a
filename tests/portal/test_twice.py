"""The same form sent several times at once, from a stale page, and after a reload."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal.accounts.models import APIToken, Team, TeamNamespace, User
from portal.audit.models import Entry
from tests.pages import squeezed

pytestmark = pytest.mark.backends

AT_ONCE = 4


class Rows:
    """What the requests are about; it is created before the first one."""

    def __init__(self, users: dict[str, User], teams: dict[str, Team]) -> None:
        self.member = users["viewer"].memberships.get()
        self.namespace = TeamNamespace.objects.get(name="checkout-staging")
        self.moved = TeamNamespace.objects.get(name="search")
        self.token, _ = APIToken.issue(users["admin"], "one")


Request = tuple[str, dict[str, str]]
# What is sent; the answers in order of their status; the verbs that are recorded.
CREATED, ALWAYS = [302, 422, 422, 422], [302, 302, 302, 302]
REQUESTS: dict[str, tuple[Callable[[Rows], Request], list[int], list[str]]] = {
    "create a team": (
        lambda rows: ("/teams/new/", {"name": "New", "slug": "new"}),
        CREATED,
        ["team.created"],
    ),
    "add a namespace": (
        lambda rows: ("/teams/checkout/namespaces/", {"name": "new"}),
        CREATED,
        ["namespace.assigned"],
    ),
    "add a member": (
        lambda rows: ("/teams/checkout/members/", {"username": "outsider", "role": "viewer"}),
        CREATED,
        ["membership.created"],
    ),
    "change a role": (
        lambda rows: (f"/teams/checkout/members/{rows.member.pk}/", {"role": "engineer"}),
        ALWAYS,
        ["membership.changed"],
    ),
    "remove a member": (
        lambda rows: (f"/teams/checkout/members/{rows.member.pk}/delete/", {}),
        ALWAYS,
        ["membership.deleted"],
    ),
    "move a namespace": (
        lambda rows: (f"/teams/search/namespaces/{rows.moved.pk}/move/", {"team": "platform"}),
        ALWAYS,
        ["namespace.moved", "namespace.moved"],  # one for each team
    ),
    "remove a namespace": (
        lambda rows: (f"/teams/checkout/namespaces/{rows.namespace.pk}/delete/", {}),
        ALWAYS,
        ["namespace.released"],
    ),
    "revoke a token": (
        lambda rows: (f"/account/tokens/{rows.token.pk}/delete/", {}),
        ALWAYS,
        ["apitoken.revoked"],
    ),
    "offer contracts": (
        lambda rows: ("/teams/search/offer/", {"offers_to_all": "on"}),
        ALWAYS,
        ["team.offer_changed"],
    ),
    "set a portal role": (
        lambda rows: (f"/users/{rows.member.user_id}/portal-role/", {"portal_role": "engineer"}),
        ALWAYS,
        ["user.portal_role_changed"],
    ),
}


def send_at_once(clients: list[Client], path: str, posted: dict[str, str]) -> list[int]:
    """The status codes of the answers, sorted."""
    together = threading.Barrier(len(clients))

    def send(client: Client) -> int:
        try:
            together.wait(timeout=30)
            return client.post(path, posted).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        return sorted(pool.map(send, clients))


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_do_it_once(
    sign_in: Callable[[str], Client], users: dict[str, User], teams: dict[str, Team]
) -> None:
    rows, clients = Rows(users, teams), [sign_in("admin") for _ in range(AT_ONCE)]
    last = 0
    for name, (request, statuses, verbs) in REQUESTS.items():
        assert (name, send_at_once(clients, *request(rows))) == (name, statuses)
        entries = Entry.objects.filter(pk__gt=last).order_by("pk")
        assert (name, [entry.verb for entry in entries]) == (name, verbs)
        last = max(entry.pk for entry in entries)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/teams/checkout/members/999/", "This user is no longer a member of the team."),
        ("/teams/checkout/members/999/delete/", "This user is no longer a member of the team."),
        ("/teams/checkout/namespaces/999/move/", "This namespace no longer belongs to the team."),
        ("/teams/checkout/namespaces/999/delete/", "This namespace no longer belongs to the team."),
        ("/account/tokens/999/delete/", "This token does not exist any more."),
    ],
)
def test_a_stale_page_says_what_is_gone(sign_in: Callable[[str], Client], path: str, message: str) -> None:
    posted = {"role": "viewer", "team": "search"}
    answer = sign_in("admin").post(path, posted, follow=True)
    assert answer.status_code == 200
    assert message in squeezed(answer)
    assert not Entry.objects.exists()


INVISIBLE: dict[str, Any] = {
    "zero-width space": ("\u200b", "Use at least one visible character."),
    "byte order mark": ("\ufeff\ufeff", "Use at least one visible character."),
    "accents": ("\u0301\u0302", "Use at least one visible character."),
    "right-to-left override": ("abc\u202edef", "Remove the invisible control characters."),
    "an isolate": ("\u2067abc", "Remove the invisible control characters."),
    "a bell": ("abc\x07", "Remove the invisible control characters."),
    "too long": ("x" * 5000, "Ensure this value has at most 100 characters (it has 5000)."),
    "emoji": ("👩\u200d🚀", ""),
    "Arabic": ("فريق", ""),
    "HTML": ("<b>bold</b>", ""),
}


@pytest.mark.parametrize(("name", "message"), INVISIBLE.values(), ids=INVISIBLE)
def test_names_can_be_seen(sign_in: Callable[[str], Client], name: str, message: str) -> None:
    admin = sign_in("admin")
    for path, posted, created in (
        ("/teams/new/", {"name": name, "slug": "new"}, Team.objects.filter(slug="new")),
        ("/account/tokens/", {"name": name, "days": "30"}, APIToken.objects.all()),
    ):
        answer = admin.post(path, posted)
        assert created.exists() is not bool(message)
        assert (answer.status_code == 422) is bool(message)
        assert message in squeezed(answer)


def test_a_reload_of_the_new_token_creates_no_second_one(sign_in: Callable[[str], Client]) -> None:
    developer, posted = sign_in("developer"), {"name": "CI", "days": "30"}
    assert developer.post("/account/tokens/", posted).status_code == 200
    again = developer.post("/account/tokens/", posted)
    assert again.status_code == 422
    assert "You already have a token with this name." in squeezed(again)
    assert APIToken.objects.count() == 1
