"""Users and documents that the tests of contracts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from contracts.contract_templates import MINIMAL
from contracts.models import Contract
from contracts.publishing import publish
from portal.accounts.models import Membership, PortalRole, Role, Team, User

SAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "samples"

CONTRACT = """\
---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec:
  title: A note
  owner: platform
  category: Texts
"""


def named_note(template: str) -> str:
    """The definition of the minimal template, without its comments, as the contract “note”."""
    lines = template.partition("---\n")[0].splitlines(keepends=True)
    definition = "".join(line for line in lines if not line.lstrip().startswith("#"))
    for before, after in (("my-contract", "note"), ("MyContract", "Note"), ("the ConfigMap says", "it says")):
        assert before in definition
        definition = definition.replace(before, after)
    return definition


SMALL = named_note(MINIMAL) + CONTRACT


Browser = Callable[[User | None], Client]
"""``browser(user)`` is a client in which that user is signed in; ``browser(None)`` an anonymous one."""


@dataclass
class Users:
    """Two teams of engineers, a developer, a viewer and a portal admin."""

    engineer: User
    teammate: User
    other: User
    developer: User
    viewer: User
    root: User
    platform: Team
    search: Team


@pytest.fixture
def users(db: None) -> Users:
    platform = Team.objects.create(slug="platform", name="Platform", offers_to_all=True)
    search = Team.objects.create(slug="search", name="Search")

    def member(name: str, team: Team, role: Role) -> User:
        user = User.objects.create(username=name)
        Membership.objects.create(user=user, team=team, role=role)
        return user

    return Users(
        engineer=member("engineer", platform, Role.ENGINEER),
        teammate=member("teammate", platform, Role.ENGINEER),
        other=member("other", search, Role.ENGINEER),
        developer=member("developer", platform, Role.DEVELOPER),
        viewer=member("viewer", platform, Role.VIEWER),
        root=User.objects.create(username="root", portal_role=PortalRole.ADMIN),
        platform=platform,
        search=search,
    )


@pytest.fixture
def small() -> str:
    """A minimal contract."""
    return SMALL


@pytest.fixture
def published(users: Users) -> Contract:
    """The minimal contract, published once by the engineer."""
    return publish(SMALL, by=users.engineer, note="The first").contract


@pytest.fixture
def browser(client: Client) -> Browser:
    def signed_in(user: User | None) -> Client:
        if user is not None:
            client.force_login(user)
        return client

    return signed_in
