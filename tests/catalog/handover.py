"""A namespace that is given to another team, for the tests of what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from catalog.models import Instance
from portal.accounts.models import Team, TeamNamespace, User

OLD, NEW, PLATFORM, STRANGER = "developer", "other", "engineer", "outsider"


def move(teams: dict[str, Team]) -> None:
    namespace = TeamNamespace.objects.get(name="checkout")
    namespace.team = teams["search"]
    namespace.save()


@dataclass(frozen=True)
class Stage:
    """An instance in the namespace checkout, and the users around it."""

    sign_in: Callable[[str], Client]
    users: dict[str, User]
    teams: dict[str, Team]
    instance: Instance


@pytest.fixture
def stage(
    sign_in: Callable[[str], Client], users: dict[str, User], teams: dict[str, Team], instance: Instance
) -> Stage:
    return Stage(sign_in, users, teams, instance)
