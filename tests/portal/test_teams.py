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


def test_adding_a_member(admin: Client, users: dict[str, User]) -> None:
    admin.post("/teams/checkout/members/", {"username": "outsider", "role": "developer"})
    assert users["outsider"].memberships.get().role == "developer"
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


def test_a_new_role_applies_at_once(admin: Client, users: dict[str, User]) -> None:
    member = users["viewer"].memberships.get()
    assert not can(users["viewer"], "author", PLATFORM)
    admin.post(f"/teams/checkout/members/{member.pk}/", {"role": "engineer"})
    again = type(users["viewer"]).objects.get(username="viewer")
    assert can(again, "author", PLATFORM)
    assert last_entry()[3] == {"user": "viewer", "role": "engineer", "before": "viewer"}


def test_an_unknown_role(admin: Client, users: dict[str, User]) -> None:
    member = users["viewer"].memberships.get()
    assert admin.post(f"/teams/checkout/members/{member.pk}/", {"role": "king"}).status_code == 422
    assert users["viewer"].memberships.get().role == "viewer"


def test_removing_a_member(admin: Client, users: dict[str, User]) -> None:
    member = users["viewer"].memberships.get()
    admin.post(f"/teams/checkout/members/{member.pk}/delete/")
    assert not Membership.objects.filter(user=users["viewer"]).exists()
    assert last_entry()[0] == "membership.deleted"


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("Not A Slug!", "lowercase letters, digits and hyphens. Start"),
        ("under_score", "lowercase letters, digits and hyphens. Start"),
        ("checkout", "Another team has this slug."),
    ],
)
def test_an_invalid_name_of_a_team(admin: Client, slug: str, message: str) -> None:
    answer = admin.post("/teams/new/", {"name": "Ours", "slug": slug})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count(message) == 1
    assert "Slug" in page
    assert f'value="{slug}"' in page


def test_a_member_of_another_team_is_not_found(admin: Client, users: dict[str, User]) -> None:
    member = users["other"].memberships.get()
    assert admin.post(f"/teams/checkout/members/{member.pk}/delete/").status_code == 302
    assert Membership.objects.filter(pk=member.pk).exists()


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


def test_a_team_admin_manages_the_members_of_their_team(
    sign_in: Callable[[str], Client], users: dict[str, User]
) -> None:
    lead = sign_in("lead")
    lead.post("/teams/checkout/members/", {"username": "outsider", "role": "engineer"})
    assert users["outsider"].memberships.get().role == "engineer"
    page = lead.get("/teams/checkout/").content.decode()
    assert 'name="username"' in page
    assert 'aria-label="Name of the namespace"' not in page


def test_a_team_admin_who_leaves_the_team_returns_to_the_list(
    sign_in: Callable[[str], Client], users: dict[str, User]
) -> None:
    own = users["lead"].memberships.get()
    answer = sign_in("lead").post(f"/teams/checkout/members/{own.pk}/delete/", follow=True)
    assert answer.redirect_chain == [("/teams/", 302)]
    assert answer.status_code == 200
