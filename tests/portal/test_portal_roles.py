"""Portal roles: who may set them, what is recorded, and what no account can reach by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from portal.accounts import demo
from portal.accounts.models import Membership, PortalRole, Role, Team, User
from portal.accounts.permission import PLATFORM, can
from portal.accounts.portal_roles import LastPortalAdmin, set_portal_role
from portal.audit.models import Entry
from portal.audit.record import record
from tests.migrations import migrate, migrate_to_newest

pytestmark = pytest.mark.backends


def role_of(user: User) -> str:
    return User.objects.values_list("portal_role", flat=True).get(pk=user.pk)


def powers() -> dict[str, Any]:
    """Everything that an attack could have changed."""
    return {
        "portal roles": sorted(User.objects.values_list("username", "portal_role", "is_superuser")),
        "memberships": sorted(Membership.objects.values_list("user__username", "team__slug", "role")),
        "teams": sorted(Team.objects.values_list("slug", "offers_to_all", "namespaces__name")),
        "entries": Entry.objects.count(),
    }


def test_a_portal_admin_sets_a_portal_role(sign_in: Callable[[str], Client], users: dict[str, User]) -> None:
    path = f"/users/{users['viewer'].pk}/portal-role/"
    answer = sign_in("admin").post(path, {"portal_role": "engineer"}, follow=True)
    assert "viewer now has the portal role Platform engineer." in answer.content.decode()
    assert role_of(users["viewer"]) == PortalRole.ENGINEER
    entry = Entry.objects.get()
    assert (entry.verb, entry.actor_name, entry.subject_name) == (
        "user.portal_role_changed",
        "admin",
        "viewer",
    )
    assert entry.detail == {"role": "engineer", "before": ""}
    sign_in("admin").post(path, {"portal_role": ""})
    assert role_of(users["viewer"]) == PortalRole.NONE


def test_the_same_role_again_is_no_change(sign_in: Callable[[str], Client], users: dict[str, User]) -> None:
    sign_in("admin").post(f"/users/{users['viewer'].pk}/portal-role/", {"portal_role": ""})
    assert not Entry.objects.exists()


@pytest.mark.parametrize("posted", [{}, {"portal_role": "king"}, {"portal_role": "team-admin"}])
def test_an_unknown_role(
    sign_in: Callable[[str], Client], users: dict[str, User], posted: dict[str, str]
) -> None:
    answer = sign_in("admin").post(f"/users/{users['viewer'].pk}/portal-role/", posted)
    assert answer.status_code == 422
    assert role_of(users["viewer"]) == PortalRole.NONE


def test_a_user_who_does_not_exist(sign_in: Callable[[str], Client]) -> None:
    assert sign_in("admin").post("/users/999999/portal-role/", {"portal_role": ""}).status_code == 404


def test_the_list_is_filtered_by_name(sign_in: Callable[[str], Client], users: dict[str, User]) -> None:
    page = sign_in("admin").get("/users/?q=view").content.decode()
    assert "Portal role of viewer" in page
    assert "Portal role of developer" not in page
    assert "No user matches" in sign_in("admin").get("/users/?q=zzz").content.decode()


@pytest.mark.parametrize("role", ["", "engineer"])
def test_the_last_portal_admin_keeps_the_role(
    sign_in: Callable[[str], Client], users: dict[str, User], role: str
) -> None:
    User.objects.create_user("away", portal_role=PortalRole.ADMIN, is_active=False)  # cannot sign in
    answer = sign_in("admin").post(f"/users/{users['admin'].pk}/portal-role/", {"portal_role": role})
    assert answer.status_code == 409
    assert "This is the last portal admin." in answer.content.decode()
    assert role_of(users["admin"]) == PortalRole.ADMIN
    assert not Entry.objects.exists()


def test_one_of_two_portal_admins_may_remove_the_own_role(
    sign_in: Callable[[str], Client], users: dict[str, User]
) -> None:
    set_portal_role(users["engineer"], PortalRole.ADMIN, by=None)
    path = f"/users/{users['admin'].pk}/portal-role/"
    answer = sign_in("admin").post(path, {"portal_role": ""}, follow=True)
    assert answer.redirect_chain == [("/teams/", 302)]
    with pytest.raises(LastPortalAdmin):
        set_portal_role(users["engineer"], PortalRole.ENGINEER, by=users["engineer"])


def test_two_admins_who_demote_each_other(users: dict[str, User]) -> None:
    """The second request was let in while its author was still a portal admin."""
    set_portal_role(users["engineer"], PortalRole.ADMIN, by=None)
    stale = User.objects.get(pk=users["engineer"].pk)
    set_portal_role(users["engineer"], PortalRole.NONE, by=users["admin"])
    with pytest.raises(PermissionDenied):
        set_portal_role(users["admin"], PortalRole.NONE, by=stale)
    assert role_of(users["admin"]) == PortalRole.ADMIN


@dataclass(frozen=True)
class Attack:
    path: str
    posted: dict[str, str]


ATTACKS = [
    Attack(path, posted)
    for path, posted in (
        ("/users/{self}/portal-role/", {"portal_role": "admin"}),
        ("/users/{self}/portal-role/", {"portal_role": "engineer"}),
        ("/users/{admin}/portal-role/", {"portal_role": ""}),
        ("/teams/new/", {"name": "Mine", "slug": "mine"}),
        ("/teams/search/members/", {"username": "{name}", "role": "team-admin"}),
        ("/teams/search/members/{searcher}/", {"role": "viewer"}),
        ("/teams/search/members/{searcher}/delete/", {}),
        (
            "/teams/checkout/members/{searcher}/",
            {"role": "viewer"},
        ),  # another team's member, by one's own team
        ("/teams/checkout/members/{searcher}/delete/", {}),
        ("/teams/checkout/offer/", {"offers_to_all": "on"}),
        ("/teams/platform/offer/", {}),
        ("/teams/search/namespaces/", {"name": "mine"}),
        ("/teams/search/namespaces/{namespace}/delete/", {}),
        ("/teams/checkout/namespaces/", {"name": "search-two"}),
        ("/teams/checkout/namespaces/{namespace}/delete/", {}),
        ("/teams/checkout/members/{own}/", {"role": "admin"}),  # a portal role as a team role
        (
            "/teams/checkout/members/{own}/",
            {"role": "team-admin", "portal_role": "admin", "team": "{search}"},
        ),
    )
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.path} {attack.posted}")
@pytest.mark.parametrize(
    "name", ["lead", "developer", "viewer", "engineer", "other", "outsider", "superuser"]
)
def test_no_account_gains_power(
    sign_in: Callable[[str], Client],
    users: dict[str, User],
    teams: dict[str, Team],
    name: str,
    attack: Attack,
) -> None:
    users["superuser"] = User.objects.create_user("superuser", is_superuser=True)
    lead = users["lead"].memberships.get()
    names = {
        "self": users[name].pk, "admin": users["admin"].pk, "name": name,
        "searcher": users["other"].memberships.get().pk, "own": lead.pk,
        "namespace": teams["search"].namespaces.get().pk, "search": teams["search"].pk,
    }  # fmt: skip
    before = powers()
    values = {key: value.format(**names) for key, value in attack.posted.items()}
    answer = sign_in(name).post(attack.path.format(**names), values)
    # Leads may change members of their team: here, a role to what it is, or a user who is no member.
    may = name == "lead" and attack.path.startswith("/teams/checkout/members/")
    assert answer.status_code in ((302, 422) if may else (403, 404, 422))
    assert powers() == before


@pytest.mark.parametrize("name", ["lead", "developer", "engineer"])
def test_the_api_changes_no_role(sign_in: Callable[[str], Client], users: dict[str, User], name: str) -> None:
    before = powers()
    for method in ("post", "put", "patch", "delete"):
        posted = {"portal_role": "admin", "is_superuser": True}
        answer = getattr(sign_in(name), method)("/api/v1/whoami/", posted, content_type="application/json")
        assert answer.status_code == 405
    assert powers() == before


def test_a_team_admin_sees_the_entries_of_their_team_only(
    sign_in: Callable[[str], Client], users: dict[str, User], teams: dict[str, Team]
) -> None:
    record("namespace.assigned", subject=teams["checkout"], by=None, team_slug="checkout")
    record("namespace.released", subject=teams["search"], by=None, team_slug="search")
    record("user.portal_role_changed", subject=users["admin"], by=None)
    for query in ("", "?team=search", "?verb=namespace.released", "?q=Search"):
        page = sign_in("lead").get(f"/audit/{query}").content.decode()
        assert (
            "search" not in page.replace('role="search"', "").replace("input", "") or "released" not in page
        )
        assert "Namespace released" not in page
        assert "portal role" not in page
    assert "Namespace assigned" in sign_in("lead").get("/audit/").content.decode()
    assert "Namespace released" in sign_in("engineer").get("/audit/").content.decode()


def test_createsuperuser_makes_a_portal_admin(db: None) -> None:
    call_command("createsuperuser", "--noinput", "--username=root", "--email=", verbosity=0)
    assert can(User.objects.get(username="root"), "administer", PLATFORM)


def test_an_operator_sets_a_portal_role(users: dict[str, User]) -> None:
    out = StringIO()
    call_command("portal_role", "viewer", "admin", stdout=out)
    call_command("portal_role", "viewer", "admin", stdout=out)
    call_command("portal_role", "viewer", "none", stdout=out)
    assert out.getvalue().splitlines() == [
        "viewer now has the portal role Portal admin.",
        "viewer already has the portal role Portal admin.",
        "viewer now has no portal role.",
    ]
    with pytest.raises(CommandError, match="not found"):
        call_command("portal_role", "stranger", "admin")
    with pytest.raises(CommandError, match="last portal admin"):
        call_command("portal_role", "admin", "none")


def test_the_demo_has_a_portal_admin_and_a_platform_engineer(db: None, settings: Settings) -> None:
    settings.DEMO = True
    demo.load()
    roles = dict(User.objects.exclude(portal_role="").values_list("username", "portal_role"))
    assert roles == {"admin": "admin", "engineer": "engineer"}


def test_a_demo_from_before_portal_roles_gets_them_once(db: None, settings: Settings) -> None:
    settings.DEMO = True
    demo.load()
    User.objects.update(portal_role="")
    demo.load()
    assert User.objects.get(username="admin").portal_role == PortalRole.ADMIN
    set_portal_role(User.objects.get(username="engineer"), PortalRole.NONE, by=None)
    demo.load()
    assert User.objects.get(username="engineer").portal_role == PortalRole.NONE


@pytest.mark.django_db(transaction=True)
def test_the_migration_makes_only_superusers_portal_admins() -> None:
    old = migrate(("accounts", "0003_portal_administrator_label"))
    user, team, membership = (old.get_model("accounts", name) for name in ("User", "Team", "Membership"))
    ours = team.objects.create(slug="ours", name="Ours")
    root = user.objects.create(username="root", is_superuser=True)
    for name in ("viewer", "developer", "engineer", "administrator"):
        membership.objects.create(user=user.objects.create(username=name), team=ours, role=name)
    membership.objects.create(user=root, team=ours, role="administrator")
    try:
        migrate_to_newest()
        assert dict(User.objects.exclude(portal_role="").values_list("username", "portal_role")) == {
            "root": "admin"
        }
        assert dict(Membership.objects.values_list("user__username", "role")) == {
            "viewer": Role.VIEWER, "developer": Role.DEVELOPER, "engineer": Role.ENGINEER,
            "administrator": Role.ADMIN, "root": Role.ADMIN,
        }  # fmt: skip
    finally:
        migrate_to_newest()
