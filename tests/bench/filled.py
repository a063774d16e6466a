"""The rows of a portal with 10,000 instances: one contract, two teams, and ordinary states."""

from __future__ import annotations

from catalog.models import Destination, Instance, State
from contracts.publishing import publish
from portal.accounts.models import Membership, Role, Team, TeamNamespace, User
from tests.catalog.conftest import SERVICE, fill_instance

MANY = 10_000
NAMESPACES = ("checkout", "search")
STATES = [State.READY] * 17 + [State.PROGRESSING, State.FAILED, State.WAITING]


def fill() -> tuple[User, int]:
    """Create the rows; returns an engineer of one of the teams, and the key of an instance with resources."""
    platform = Team.objects.create(slug="platform", name="Platform", offers_to_all=True)
    owners = {name: Team.objects.create(slug=name, name=name.title()) for name in NAMESPACES}
    for name, team in owners.items():
        TeamNamespace.objects.create(team=team, name=name)
    user = User.objects.create_user("engineer")
    Membership.objects.create(user=user, team=platform, role=Role.ENGINEER)
    Membership.objects.create(user=user, team=owners["checkout"], role=Role.DEVELOPER)
    contract = publish(SERVICE, by=user).contract
    cluster = Destination.objects.create(slug="local", title="Local cluster", is_default=True, reachable=True)
    Instance.objects.bulk_create(
        Instance(
            contract=contract,
            revision=contract.revision,
            destination=cluster,
            namespace=NAMESPACES[number % 2],
            name=f"service-{number}",
            team=owners[NAMESPACES[number % 2]],
            uid=f"uid-{number}",
            state=STATES[number % len(STATES)],
            spec={"image": f"shop:{number}", "replicas": number % 9 + 1},
        )
        for number in range(MANY)
    )
    return user, fill_instance(contract, cluster, owners["checkout"]).pk
