"""Teams and people of every rank: who the screens of the portal and the catalog are tried with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.accounts.models import Membership, Role, Team, User

__all__ = ["people", "sign_in", "teams"]

NAMESPACES = {"platform": (), "checkout": ("checkout", "checkout-staging"), "search": ("search",)}
RANKS = {
    "admin": ("platform", Role.ADMINISTRATOR),
    "engineer": ("platform", Role.ENGINEER),
    "developer": ("checkout", Role.DEVELOPER),
    "teammate": ("checkout", Role.DEVELOPER),
    "viewer": ("checkout", Role.VIEWER),
    "other": ("search", Role.DEVELOPER),
    "nobody": None,  # in no team
}


@pytest.fixture
def teams(db: None) -> dict[str, Team]:
    made = {slug: Team.objects.create(slug=slug, name=slug.title()) for slug in NAMESPACES}
    for slug, names in NAMESPACES.items():
        for name in names:
            made[slug].namespaces.create(name=name)
    return made


@pytest.fixture
def people(teams: dict[str, Team]) -> dict[str, User]:
    """Everybody of ``RANKS``. The password of “viewer” is “viewer-secret”, and so on."""
    made = {}
    for name, rank in RANKS.items():
        made[name] = User.objects.create_user(name, password=f"{name}-secret")
        if rank:
            Membership.objects.create(user=made[name], team=teams[rank[0]], role=rank[1])
    return made


@pytest.fixture
def sign_in(people: dict[str, User]) -> Callable[[str], Client]:
    """``sign_in("developer")``: a browser of that person; ``""``: of a stranger."""

    def client(name: str) -> Client:
        made = Client()
        if name:
            made.force_login(people[name])
        return made

    return client
