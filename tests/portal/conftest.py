"""People of every rank, for the ladder that each screen is tested on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.accounts.models import Membership, Role, Team, User


@pytest.fixture
def teams(db: None) -> dict[str, Team]:
    made = {
        slug: Team.objects.create(slug=slug, name=slug.title()) for slug in ("platform", "checkout", "search")
    }
    made["checkout"].namespaces.create(name="checkout")
    made["search"].namespaces.create(name="search")
    return made


@pytest.fixture
def people(teams: dict[str, Team]) -> dict[str, User]:
    """admin, engineer (Platform), developer and viewer (Checkout), other (Search), nobody (in no team)."""
    ranks = {
        "admin": ("platform", Role.ADMINISTRATOR),
        "engineer": ("platform", Role.ENGINEER),
        "developer": ("checkout", Role.DEVELOPER),
        "viewer": ("checkout", Role.VIEWER),
        "other": ("search", Role.DEVELOPER),
        "nobody": None,
    }
    made = {}
    for name, rank in ranks.items():
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


@pytest.fixture(autouse=True)
def ground_floor_alone(settings) -> None:
    """No room above takes part: what they put into the shell is tested with them."""
    settings.NAVIGATION_COUNTS = {}
    for name in ("SEARCH_PROVIDERS", "HOME_SECTIONS", "PORTAL_NOTICES", "READINESS", "DEMO_LOADERS"):
        setattr(settings, name, [])
