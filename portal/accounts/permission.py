"""Decides whether a user may do something with an object, and explains the decision.

An object declares its owner in ``scope()``; the table ``RULES`` has the role that each verb requires. Other
packages add their objects without this module importing them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import Membership, Role, User

RANK = {Role.VIEWER: 1, Role.DEVELOPER: 2, Role.ENGINEER: 3, Role.ADMINISTRATOR: 4}


@dataclass(frozen=True, slots=True)
class Scope:
    """The type of an object, its owning team, and a second team that may manage it."""

    kind: str  # "instance", "contract", "platform"
    name: str = ""
    team_id: int | None = None
    contract_owner_id: int | None = None  # of an instance: the team that owns its contract


class Scoped(Protocol):
    def scope(self) -> Scope: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is allowed, and the reason, as a sentence that can be shown to the user."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Rule:
    """The least role in the owning team, or ``anywhere``: in any team."""

    least: Role | None
    anywhere: Role | None = None
    contract_owner: Role | None = None


RULES: dict[tuple[str, str], Rule] = {
    ("instance", "view"): Rule(Role.VIEWER, anywhere=Role.ENGINEER),
    ("instance", "create"): Rule(Role.DEVELOPER),
    ("instance", "edit"): Rule(Role.DEVELOPER, contract_owner=Role.ENGINEER),
    ("instance", "delete"): Rule(Role.DEVELOPER, contract_owner=Role.ENGINEER),
    ("contract", "view"): Rule(None),
    ("contract", "publish"): Rule(Role.ENGINEER),
    ("contract", "withdraw"): Rule(Role.ENGINEER),
    ("platform", "author"): Rule(Role.ADMINISTRATOR, anywhere=Role.ENGINEER),
    ("platform", "audit"): Rule(Role.ADMINISTRATOR, anywhere=Role.ENGINEER),
    ("platform", "administer"): Rule(Role.ADMINISTRATOR, anywhere=Role.ADMINISTRATOR),
}


class Platform:
    """The portal itself, for verbs without an object."""

    def scope(self) -> Scope:
        return Scope("platform", "the platform")


PLATFORM = Platform()


def can(user: User | AnonymousUser, verb: str, subject: Scoped) -> Decision:
    """Decide, with the reason. Raises ``KeyError`` for a verb that the type of the object does not have."""
    scope = subject.scope()
    rule = RULES[(scope.kind, verb)]
    if not isinstance(user, User) or not user.is_active:
        return Decision(False, "Sign in first.")
    roles = roles_of(user)
    if user.is_superuser or Role.ADMINISTRATOR in roles.values():
        return Decision(True, "You administer this portal.")
    if rule.least is None:
        return Decision(True, f"Every signed-in user may {verb} a {scope.kind}.")
    for team_id, least in ((scope.team_id, rule.least), (scope.contract_owner_id, rule.contract_owner)):
        if team_id is not None and least and has_rank(roles.get(team_id), least):
            return Decision(True, f"Your role in the team that owns {scope.name} allows it.")
    if rule.anywhere and any(has_rank(role, rule.anywhere) for role in roles.values()):
        return Decision(True, f"A {rule.anywhere.label.lower()} may {verb}.")
    return Decision(False, refusal(verb, scope, rule))


def refusal(verb: str, scope: Scope, rule: Rule) -> str:
    role = Role(rule.least or Role.VIEWER).label.lower()
    owner = "the team that owns it" if scope.team_id else "a team that owns its namespace"
    what = f"To {verb} {scope.name or 'this'} you need the role {role} in {owner}."
    return f"{what} Ask a portal administrator."


def has_rank(role: str | None, least: str) -> bool:
    return role is not None and RANK[Role(role)] >= RANK[Role(least)]


def memberships_of(user: User) -> list[Membership]:
    """The user's memberships with their teams, sorted by team name.

    Read once per request: the result is cached on the user object of the request.
    """
    known: list[Membership] | None = getattr(user, "_memberships_with_teams", None)
    if known is None:
        known = list(user.memberships.select_related("team").order_by("team__name"))
        user._memberships_with_teams = known  # type: ignore[attr-defined]
    return known


def roles_of(user: User) -> dict[int, str]:
    """Team id → role."""
    return {membership.team_id: membership.role for membership in memberships_of(user)}


def teams_with(user: User, least: str) -> set[int]:
    """Ids of the teams in which this user has at least the role."""
    return {team for team, role in roles_of(user).items() if has_rank(role, least)}


def sees_everything(user: User | AnonymousUser) -> bool:
    """Whether this user sees every instance: platform engineers and administrators do."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_superuser or any(has_rank(role, Role.ENGINEER) for role in roles_of(user).values())


def highest_role(roles: Iterable[str]) -> str:
    return max(roles, key=lambda role: RANK[Role(role)], default="")
