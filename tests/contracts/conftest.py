"""People and texts that the tests of contracts share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

SAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "samples"

SMALL = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: note
spec:
  schema:
    group: platform.example.com
    apiVersion: v1alpha1
    kind: Note
    spec:
      message: string | default=hello description="What it says"
    status:
      configMap: ${settings.metadata.name}
  resources:
    - id: settings
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: ${schema.metadata.name}
        data:
          message: ${schema.spec.message}
---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec:
  title: A note
  owner: platform
  category: Texts
"""


@dataclass
class People:
    """Two teams of engineers, a developer, a viewer and an administrator."""

    engineer: Any
    teammate: Any
    other: Any
    developer: Any
    viewer: Any
    root: Any
    platform: Any
    search: Any


@pytest.fixture
def people(db: None) -> People:
    from portal.accounts.models import Membership, Role, Team, User

    platform = Team.objects.create(slug="platform", name="Platform")
    search = Team.objects.create(slug="search", name="Search")

    def person(name: str, team: Any, role: str) -> Any:
        user = User.objects.create(username=name)
        Membership.objects.create(user=user, team=team, role=role)
        return user

    return People(
        engineer=person("engineer", platform, Role.ENGINEER),
        teammate=person("teammate", platform, Role.ENGINEER),
        other=person("other", search, Role.ENGINEER),
        developer=person("developer", platform, Role.DEVELOPER),
        viewer=person("viewer", platform, Role.VIEWER),
        root=User.objects.create(username="root", is_superuser=True),
        platform=platform,
        search=search,
    )


@pytest.fixture
def small() -> str:
    """A contract as short as one can be."""
    return SMALL


@pytest.fixture
def published(people: People) -> Any:
    """The small contract, published once by the engineer."""
    from contracts.publishing import publish

    return publish(SMALL, by=people.engineer, note="The first").contract


@pytest.fixture
def browser(client: Client) -> Any:
    """``browser(user)`` is a client in which that person is signed in; ``browser(None)`` a stranger's."""

    def signed_in(user: Any) -> Client:
        if user is not None:
            client.force_login(user)
        return client

    return signed_in
