"""Server time of pages with 10,000 instances: a request through every middleware, without a network.

Processor time, since waiting for other programs of the machine is no property of a page.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.row import Row, milliseconds

if TYPE_CHECKING:
    from django.test import Client

    from portal.accounts.models import User

MANY = 10_000
TIMES = 31
AIM = "< 50 ms"
PAGES = {
    "Home": "/",
    "Catalog": "/catalog/",
    "One contract of the catalog": "/catalog/service/",
    "Form of a new instance": "/catalog/service/create/",
    "Instances": "/instances/",
    "Instances, filtered by name and state": "/instances/?q=service-99&state=ready",
    "Instances, filtered by namespace": "/instances/?namespace=checkout",
    "Instances, sorted by change, page 150": "/instances/?sort=-updated&page=150",
    "Search": "/search/?q=service-777",
    "One instance": "/instances/{pk}/",
    "Contracts": "/contracts/",
}


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        os.environ |= {"SLIPWAY_STATE_DIR": folder, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        client, pk = prepared()
        for what, path in PAGES.items():
            spent = [seconds(client, path.format(pk=pk)) for _ in range(TIMES + 1)]
            yield Row(f"{what}, p50", milliseconds(median(spent[1:])), AIM)


def prepared() -> tuple[Client, int]:
    """A filled database of its own: a browser in which its engineer is signed in, and one instance's key."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    client = Client(SERVER_NAME="localhost")
    user, pk = filled()
    client.force_login(user)
    return client, pk


def filled() -> tuple[User, int]:
    """One contract, two teams and the instances of both, in the states of an ordinary day."""
    from catalog.models import Destination, Instance, State
    from contracts.publishing import publish
    from portal.accounts.models import Membership, Role, Team, TeamNamespace, User
    from tests.catalog.conftest import SERVICE, fill_instance

    platform = Team.objects.create(slug="platform", name="Platform")
    owners = {space: Team.objects.create(slug=space, name=space.title()) for space in ("checkout", "search")}
    for space, team in owners.items():
        TeamNamespace.objects.create(team=team, name=space)
    user = User.objects.create_user("engineer")
    Membership.objects.create(user=user, team=platform, role=Role.ENGINEER)
    Membership.objects.create(user=user, team=owners["checkout"], role=Role.DEVELOPER)
    contract = publish(SERVICE, by=user).contract
    cluster = Destination.objects.create(slug="local", title="Local cluster", is_default=True, reachable=True)
    states = [State.READY] * 17 + [State.PROGRESSING, State.FAILED, State.WAITING]
    spaces = list(owners)
    Instance.objects.bulk_create(
        Instance(
            contract=contract,
            revision=contract.revision,
            destination=cluster,
            namespace=spaces[number % 2],
            name=f"service-{number}",
            team=owners[spaces[number % 2]],
            uid=f"uid-{number}",
            state=states[number % len(states)],
            spec={"image": f"shop:{number}", "replicas": number % 9 + 1},
        )
        for number in range(MANY)
    )
    return user, fill_instance(contract, cluster, owners["checkout"]).pk


def seconds(client: Client, path: str) -> float:
    start = time.process_time()
    answer = client.get(path)
    spent = time.process_time() - start
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return spent
