"""Members and namespaces of teams: what is saved, what is refused, and the entries of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import Membership, TeamNamespace, User
from portal.accounts.permission import PLATFORM, can
from portal.audit.models import Entry

pytestmark = pytest.mark.backends


@pytest.fixture
def admin(sign_in: Callable[[str], Client]) -> Any:
    return sign_in("admin")


def last_entry() -> tuple[str, str, str, Any]:
    entry = Entry.objects.first()
    assert entry is not None
    return entry.verb, entry.actor_name, entry.team_slug, entry.detail


def test_adding_a_member(admin: Client, people: dict[str, User]) -> None:
    admin.post("/teams/checkout/members/", {"username": "outsider", "role": "developer"})
    assert people["outsider"].memberships.get().role == "developer"
    assert last_entry() == (
        "membership.created",
        "admin",
        "checkout",
        {"user": "outsider", "role": "developer"},
    )


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("somebody", "User “somebody” not found."),
        ("developer", "developer is already a member."),
        ("", "This field is required."),
    ],
)
def test_a_member_who_cannot_be_added(admin: Client, typed: Any, message: str) -> None:
    answer = admin.post("/teams/checkout/members/", {"username": typed, "role": "developer"})
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not Entry.objects.exists()


def test_a_new_role_applies_at_once(admin: Client, people: dict[str, User]) -> None:
    member = people["viewer"].memberships.get()
    assert not can(people["viewer"], "audit", PLATFORM)
    admin.post(f"/teams/checkout/members/{member.pk}/", {"role": "engineer"})
    again = type(people["viewer"]).objects.get(username="viewer")
    assert can(again, "audit", PLATFORM)
    assert last_entry()[3] == {"user": "viewer", "role": "engineer", "before": "viewer"}


def test_an_unknown_role(admin: Client, people: dict[str, User]) -> None:
    member = people["viewer"].memberships.get()
    assert admin.post(f"/teams/checkout/members/{member.pk}/", {"role": "king"}).status_code == 422
    assert people["viewer"].memberships.get().role == "viewer"


def test_removing_a_member(admin: Client, people: dict[str, User]) -> None:
    member = people["viewer"].memberships.get()
    admin.post(f"/teams/checkout/members/{member.pk}/delete/")
    assert not Membership.objects.filter(user=people["viewer"]).exists()
    assert last_entry()[0] == "membership.deleted"


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("Not A Slug!", "lowercase letters, digits and hyphens. Start"),
        ("under_score", "lowercase letters, digits and hyphens. Start"),
        ("checkout", "Another team has this short name."),
    ],
)
def test_an_invalid_name_of_a_team(admin: Client, slug: str, message: str) -> None:
    answer = admin.post("/teams/new/", {"name": "Ours", "slug": slug})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count(message) == 1
    assert "Short name" in page
    assert f'value="{slug}"' in page


def test_a_member_of_another_team_is_not_found(admin: Client, people: dict[str, User]) -> None:
    member = people["other"].memberships.get()
    assert admin.post(f"/teams/checkout/members/{member.pk}/delete/").status_code == 404


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("search", "search already belongs to team Search."),
        ("Not A Name", "Use at most 63 lowercase letters"),
        ("x" * 64, "at most 63"),
    ],
)
def test_a_namespace_that_cannot_be_assigned(admin: Client, typed: Any, message: str) -> None:
    answer = admin.post("/teams/checkout/namespaces/", {"name": typed})
    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_a_namespace_is_assigned_and_removed(admin: Client) -> None:
    admin.post("/teams/checkout/namespaces/", {"name": "checkout-next"})
    assert last_entry()[0] == "namespace.assigned"
    given = TeamNamespace.objects.get(name="checkout-next")
    admin.post(f"/teams/checkout/namespaces/{given.pk}/delete/")
    assert last_entry()[0] == "namespace.released"
    assert not TeamNamespace.objects.filter(name="checkout-next").exists()


def test_an_administrator_of_any_team_administers_the_portal(people: dict[str, User]) -> None:
    assert can(people["admin"], "administer", PLATFORM).reason == "You administer this portal."
    assert not can(people["engineer"], "administer", PLATFORM)


@pytest.mark.parametrize(("address", "typed"), [("", {"role": "developer"}), ("delete/", {})])
def test_the_last_administrator_cannot_be_removed(
    admin: Client, people: dict[str, User], address: str, typed: Any
) -> None:
    only = people["admin"].memberships.get()
    answer = admin.post(f"/teams/platform/members/{only.pk}/{address}", typed)
    assert answer.status_code == 409
    assert "This is the last administrator of the portal." in answer.content.decode()
    assert people["admin"].memberships.get().role == "administrator"


def test_one_of_two_administrators_can_be_removed(admin: Client, people: dict[str, User]) -> None:
    people["engineer"].memberships.update(role="administrator")
    one = people["admin"].memberships.get()
    assert admin.post(f"/teams/platform/members/{one.pk}/delete/").status_code == 302
    assert not people["admin"].memberships.exists()
