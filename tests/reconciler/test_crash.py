"""SIGKILL at any moment loses and repeats nothing."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from catalog.changes import propose_deletion
from catalog.models import Change, ChangeState, Event, Instance
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.processes import STARTS_WITHIN, reconciler


def delivered() -> int:
    return Instance.objects.exclude(uid="").count()


def wait_for_delivery(count: int) -> None:
    wait_for(lambda: delivered() >= count, "it delivers a change", STARTS_WITHIN)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_process_killed_at_random_times(stopped_harness: Harness, kubeconfig: Path, tmp_path: Path) -> None:
    harness = stopped_harness
    contract = harness.publish(PAIR)
    names = [f"n{number}" for number in range(8)]
    for name in names:
        harness.create(contract, name, text=name, extra=True)
    chance = random.Random(7)
    for _ in range(3):
        with reconciler(kubeconfig, tmp_path) as process:
            wait_for_delivery(min(delivered() + 1, len(names)))
            time.sleep(chance.uniform(0, 0.25))  # the moment is random on purpose
            process.kill()
    with reconciler(kubeconfig, tmp_path):
        wait_for(lambda: Instance.objects.filter(state="ready").count() == len(names), seconds=STARTS_WITHIN)
        for name in names[:4]:
            propose_deletion(instance=harness.get_row(name), by=harness.user)
        wait_for(lambda: Instance.objects.count() == 4, "half of them are deleted", seconds=STARTS_WITHIN)
    assert not Change.objects.exclude(state=ChangeState.DELIVERED).exists()
    maps = harness.cluster.list("v1", "ConfigMap", harness.namespace, "app.kubernetes.io/managed-by=slipway")
    expected = {f"{name}-{part}" for name in names[4:] for part in ("first", "second", "extra")}
    assert {one["metadata"]["name"] for one in maps} == expected
    created = Event.objects.filter(reason="Created").values_list("instance__name", "resource")
    assert len(created) == len(set(created))
    assert not Event.objects.filter(reason__in=["Restored", "DriftRepaired", "Adopted"]).exists()
