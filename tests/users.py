"""Teams and users with every role, for the tests of pages and permissions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.accounts.models import Membership, PortalRole, Role, Team, User

__all__ = ["sign_in", "teams", "users"]

NAMESPACES = {"platform": (), "checkout": ("checkout", "checkout-staging"), "search": ("search",)}
ROLES = {
    "admin": ("platform", Role.ADMIN),
    "engineer": ("platform", Role.ENGINEER),
    "developer": ("checkout", Role.DEVELOPER),
    "teammate": ("checkout", Role.DEVELOPER),
    "viewer": ("checkout", Role.VIEWER),
    "lead": ("checkout", Role.ADMIN),
    "other": ("search", Role.DEVELOPER),
    "outsider": None,  # in no team
}
PORTAL_ROLES = {"admin": PortalRole.ADMIN, "engineer": PortalRole.ENGINEER}


@pytest.fixture
def teams(db: None) -> dict[str, Team]:
    created = {
        slug: Team.objects.create(slug=slug, name=slug.title(), offers_to_all=slug == "platform")
        for slug in NAMESPACES
    }
    for slug, names in NAMESPACES.items():
        for name in names:
            created[slug].namespaces.create(name=name)
    return created


@pytest.fixture
def users(teams: dict[str, Team]) -> dict[str, User]:
    """The users of ``ROLES``. The password of “viewer” is “viewer-secret”, and so on."""
    created = {}
    for name, role in ROLES.items():
        portal_role = PORTAL_ROLES.get(name, PortalRole.NONE)
        created[name] = User.objects.create_user(name, password=f"{name}-secret", portal_role=portal_role)
        if role:
            Membership.objects.create(user=created[name], team=teams[role[0]], role=role[1])
    return created


@pytest.fixture
def sign_in(users: dict[str, User]) -> Callable[[str], Client]:
    """``sign_in("developer")``: a client of that user; ``""``: an anonymous one."""

    def client(name: str) -> Client:
        signed_in = Client()
        if name:
            signed_in.force_login(users[name])
        return signed_in

    return client
