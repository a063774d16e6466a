"""Decides whether a user may do something with an object, and explains the decision.

An object declares its owner in ``scope()``; the table ``RULES`` has the roles that each verb requires. Other
packages add their objects without this module importing them.

A team role (``Membership.role``) counts only in its team. A portal role (``User.portal_role``) counts in the
whole portal. Django's ``is_superuser`` allows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import Membership, PortalRole, Role, User
from portal.accounts.scope import Scope, Scoped

RANK = {Role.VIEWER: 1, Role.DEVELOPER: 2, Role.ENGINEER: 3, Role.ADMIN: 4}
PORTAL_RANK = {PortalRole.NONE: 0, PortalRole.ENGINEER: 1, PortalRole.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is allowed, and the reason, as a sentence that can be shown to the user."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Rule:
    """The least roles, each of which is enough."""

    owner: Role | None = None  # in the team that owns the object
    contract_owner: Role | None = None  # in the team that owns the instance's contract
    any_team: Role | None = None  # in any team
    portal: PortalRole | None = None  # in the whole portal


RULES: dict[tuple[str, str], Rule] = {
    ("instance", "view"): Rule(Role.VIEWER, contract_owner=Role.ENGINEER, portal=PortalRole.ENGINEER),
    ("instance", "create"): Rule(Role.DEVELOPER),
    ("instance", "edit"): Rule(Role.DEVELOPER, contract_owner=Role.ENGINEER),
    ("instance", "delete"): Rule(Role.DEVELOPER, contract_owner=Role.ENGINEER),
    ("instance", "cancel changes of"): Rule(Role.DEVELOPER),
    ("contract", "publish"): Rule(Role.ENGINEER),
    ("contract", "withdraw"): Rule(Role.ENGINEER, portal=PortalRole.ADMIN),
    ("contract", "grant"): Rule(portal=PortalRole.ADMIN),  # reach beyond the default
    ("team", "view"): Rule(Role.VIEWER, portal=PortalRole.ENGINEER),
    ("team", "manage"): Rule(Role.ADMIN, portal=PortalRole.ADMIN),  # its members and their roles
    ("platform", "author"): Rule(any_team=Role.ENGINEER, portal=PortalRole.ENGINEER),  # drafts of contracts
    ("platform", "audit"): Rule(any_team=Role.ADMIN, portal=PortalRole.ENGINEER),  # which entries: the log
    ("platform", "administer"): Rule(portal=PortalRole.ADMIN),  # teams, their namespaces, portal roles
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
    if rule.portal and has_portal_role(user, rule.portal):
        return Decision(True, f"Your role {PortalRole(user.portal_role).label.lower()} allows it.")
    roles = roles_of(user)
    for team_id, least in ((scope.team_id, rule.owner), (scope.contract_owner_id, rule.contract_owner)):
        if team_id is not None and least and has_rank(roles.get(team_id), least):
            return Decision(True, f"Your role in the team that owns {scope.name} allows it.")
    if rule.any_team and any(has_rank(role, rule.any_team) for role in roles.values()):
        return Decision(True, f"Your role {rule.any_team.label.lower()} in a team allows it.")
    return Decision(False, refusal(verb, scope, rule))


def refusal(verb: str, scope: Scope, rule: Rule) -> str:
    needed = " or ".join(roles_needed(scope, rule))
    whom = "team admin" if rule.owner or rule.any_team else "portal admin"
    return f"To {verb} {scope.name or 'this'} you need the role {needed}. Ask a {whom}."


def roles_needed(scope: Scope, rule: Rule) -> Iterator[str]:
    if rule.owner:
        # The same for a namespace that has an owner and one that has none, as others must not learn that.
        owner = "the team that owns its namespace" if scope.kind == "instance" else "the team that owns it"
        yield f"{rule.owner.label.lower()} in {owner}"
    if rule.any_team:
        yield f"{rule.any_team.label.lower()} in a team"
    if rule.portal:
        yield rule.portal.label.lower()


def has_rank(role: str | None, least: str) -> bool:
    return role is not None and RANK[Role(role)] >= RANK[Role(least)]


def has_portal_role(user: User | AnonymousUser, least: PortalRole) -> bool:
    """Whether this active user has at least the portal role."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return PORTAL_RANK[PortalRole(user.portal_role)] >= PORTAL_RANK[least]


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


def teams_with(user: User | AnonymousUser, least: str) -> set[int]:
    """Ids of the teams in which this active user has at least the role."""
    if not isinstance(user, User) or not user.is_active:
        return set()
    return {team for team, role in roles_of(user).items() if has_rank(role, least)}


def sees_everything(user: User | AnonymousUser) -> bool:
    """Whether this user sees every instance: platform engineers and portal admins do."""
    return has_portal_role(user, PortalRole.ENGINEER)


def highest_role(roles: Iterable[str]) -> str:
    return max(roles, key=lambda role: RANK[Role(role)], default="")
