"""What each kind of account may do: every verb of the table, for every kind."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import Membership, PortalRole, Role, Team, User
from portal.accounts.permission import RULES, can, sees_everything, teams_with
from portal.accounts.scope import Scope

pytestmark = pytest.mark.backends

OWNER, CONTRACT_OWNER, ELSEWHERE = "owner", "contract-owner", "elsewhere"

# account → the team and the role in it, the portal role, and further fields of the user
ACCOUNTS: dict[str, tuple[tuple[str, Role] | None, PortalRole, dict[str, bool]]] = {
    "stranger": (None, PortalRole.NONE, {}),
    "viewer": ((OWNER, Role.VIEWER), PortalRole.NONE, {}),
    "developer": ((OWNER, Role.DEVELOPER), PortalRole.NONE, {}),
    "engineer": ((OWNER, Role.ENGINEER), PortalRole.NONE, {}),
    "team admin": ((OWNER, Role.ADMIN), PortalRole.NONE, {}),
    "developer of the contract's team": ((CONTRACT_OWNER, Role.DEVELOPER), PortalRole.NONE, {}),
    "engineer of the contract's team": ((CONTRACT_OWNER, Role.ENGINEER), PortalRole.NONE, {}),
    "engineer elsewhere": ((ELSEWHERE, Role.ENGINEER), PortalRole.NONE, {}),
    "team admin elsewhere": ((ELSEWHERE, Role.ADMIN), PortalRole.NONE, {}),
    "platform engineer": (None, PortalRole.ENGINEER, {}),
    "portal admin": (None, PortalRole.ADMIN, {}),
    "superuser": (None, PortalRole.NONE, {"is_superuser": True, "is_staff": True}),
    "inactive team admin": ((OWNER, Role.ADMIN), PortalRole.NONE, {"is_active": False}),
    "inactive portal admin": ((OWNER, Role.ADMIN), PortalRole.ADMIN, {"is_active": False}),
}
MEMBERS = ("viewer", "developer", "engineer", "team admin")
PORTAL = ("platform engineer", "portal admin")
CARETAKER = "engineer of the contract's team"
ENGINEERS = ("engineer", "team admin", CARETAKER, "engineer elsewhere", "team admin elsewhere")

ALLOWED: dict[tuple[str, str], set[str]] = {
    ("instance", "view"): {*MEMBERS, CARETAKER, *PORTAL},
    ("instance", "create"): {"developer", "engineer", "team admin"},
    ("instance", "edit"): {"developer", "engineer", "team admin", CARETAKER},
    ("instance", "delete"): {"developer", "engineer", "team admin", CARETAKER},
    ("instance", "cancel changes of"): {"developer", "engineer", "team admin"},
    ("contract", "publish"): {"engineer", "team admin"},
    ("contract", "withdraw"): {"engineer", "team admin", "portal admin"},
    ("contract", "grant"): {"portal admin"},
    ("team", "view"): {*MEMBERS, *PORTAL},
    ("team", "manage"): {"team admin", "portal admin"},
    ("platform", "author"): {*ENGINEERS, *PORTAL},
    ("platform", "audit"): {"team admin", "team admin elsewhere", *PORTAL},
    ("platform", "administer"): {"portal admin"},
}


@dataclass
class Thing:
    kind: str
    teams: dict[str, Team]

    def scope(self) -> Scope:
        if self.kind == "platform":
            return Scope("platform", "the platform")
        contract_owner = self.teams[CONTRACT_OWNER].pk if self.kind == "instance" else None
        return Scope(self.kind, "it", team_id=self.teams[OWNER].pk, contract_owner_id=contract_owner)


@pytest.fixture
def teams(db: None) -> dict[str, Team]:
    return {slug: Team.objects.create(slug=slug, name=slug) for slug in (OWNER, CONTRACT_OWNER, ELSEWHERE)}


@pytest.fixture
def account(teams: dict[str, Team], request: pytest.FixtureRequest) -> User:
    membership, portal_role, fields = ACCOUNTS[request.param]
    user = User.objects.create_user("someone", portal_role=portal_role, **fields)  # type: ignore[arg-type]
    if membership:
        Membership.objects.create(user=user, team=teams[membership[0]], role=membership[1])
    return user


def test_the_table_has_every_verb() -> None:
    assert set(ALLOWED) == set(RULES)


@pytest.mark.parametrize(("kind", "verb"), RULES)
@pytest.mark.parametrize(("account", "name"), [(name, name) for name in ACCOUNTS], indirect=["account"])
def test_who_may(account: User, teams: dict[str, Team], name: str, kind: str, verb: str) -> None:
    decision = can(account, verb, Thing(kind, teams))
    assert bool(decision) == (name in ALLOWED[kind, verb]), decision.reason
    assert decision.reason.endswith(".")


@pytest.mark.parametrize(("kind", "verb"), RULES)
def test_anonymous_users_may_do_nothing(teams: dict[str, Team], kind: str, verb: str) -> None:
    assert not can(AnonymousUser(), verb, Thing(kind, teams))


@pytest.mark.parametrize(("account", "name"), [(name, name) for name in ACCOUNTS], indirect=["account"])
def test_only_portal_roles_see_everything(account: User, name: str) -> None:
    assert sees_everything(account) == (name in PORTAL)


@pytest.mark.parametrize("account", ["inactive team admin", "inactive portal admin"], indirect=True)
def test_an_inactive_user_has_no_role_in_a_team(account: User) -> None:
    assert teams_with(account, Role.VIEWER) == set()


@pytest.mark.parametrize("kind", ["instance", "contract", "team"])
@pytest.mark.parametrize("account", ["team admin", "engineer"], indirect=True)
def test_an_object_without_a_team_is_for_portal_roles_only(account: User, kind: str) -> None:
    class Orphan:
        def scope(self) -> Scope:
            return Scope(kind, "it")

    assert not any(can(account, verb, Orphan()) for of, verb in RULES if of == kind)
