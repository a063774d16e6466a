"""Pages stay fast with 10,000 instances; the aims are those of docs/performance.md, with some room."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.test import Client

from catalog.models import Destination, Instance, State
from contracts.models import Contract
from portal.accounts.models import Team

MANY = 10_000
ROOM = 4  # how much slower than the aim a busy machine may be


@pytest.fixture
def many(contract: Contract, cluster: Destination, teams: dict[str, Team]) -> None:
    states = [State.READY] * 17 + [State.PROGRESSING, State.FAILED, State.WAITING]
    Instance.objects.bulk_create(
        [
            Instance(
                contract=contract,
                destination=cluster,
                namespace=("checkout", "checkout-staging", "search")[number % 3],
                name=f"service-{number}",
                team=teams["search" if number % 3 == 2 else "checkout"],
                uid=f"uid-{number}",
                state=states[number % 20],
                spec={"image": f"shop:{number}"},
            )
            for number in range(MANY)
        ]
    )


@pytest.mark.parametrize(
    ("who", "path", "aim"),
    [
        ("engineer", "/instances/", 50),
        ("engineer", "/instances/?q=service-99&state=ready", 50),
        ("engineer", "/instances/?sort=-updated&page=150", 50),
        ("developer", "/instances/?namespace=checkout", 50),
        ("engineer", "/catalog/", 50),
    ],
)
def test_a_page_over_ten_thousand_instances(
    sign_in: Callable[[str], Client],
    many: None,
    record_property: Callable[[str, object], None],
    who: str,
    path: str,
    aim: int,
) -> None:
    client = sign_in(who)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        assert client.get(path).status_code == 200
        times.append((time.perf_counter() - start) * 1000)
    best = sorted(times)[1]
    record_property("milliseconds", round(best, 1))
    print(f"{who} {path}: {best:.0f} ms")
    assert best < aim * ROOM
