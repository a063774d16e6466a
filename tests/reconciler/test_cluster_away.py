"""An unreachable cluster: rows stay, changes wait and say why, and are applied when it answers again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from catalog.models import ChangeState, Destination, WaitReason
from tests.clusters import DevCluster
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for


class RestartableCluster:
    """A cluster that can be stopped and started. The path of its kubeconfig stays the same."""

    def __init__(self, folder: Path) -> None:
        self.kubeconfig, self._state = folder / "kubeconfig", folder / "state"
        self._cluster: DevCluster | None = None

    def start(self) -> None:
        self._cluster = DevCluster(state=self._state)
        self._cluster.start()
        shutil.copy(self._cluster.kubeconfig, self.kubeconfig)

    def stop(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RestartableCluster]:
    made = RestartableCluster(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def harness(transactional_db: None, cluster: RestartableCluster, settings: Any) -> Iterator[Harness]:
    settings.KUBECONFIG = str(cluster.kubeconfig)
    made = Harness(cluster.kubeconfig)
    made.manager.start()
    yield made
    made.close()


def state_of(harness: Harness, name: str) -> str | None:
    row = harness.row(name)
    return row.state if row else None


def is_ready(harness: Harness, name: str) -> bool:
    return state_of(harness, name) == "ready"


def test_a_change_waits_for_the_cluster_and_is_delivered(
    harness: Harness, cluster: RestartableCluster
) -> None:
    contract = harness.publish(PAIR)
    harness.create(contract, "before")
    wait_for(lambda: state_of(harness, "before") == "ready")
    cluster.stop()
    wait_for(lambda: Destination.objects.get().reachable is False, "it is noticed")
    assert state_of(harness, "before") == "ready"
    change = harness.create(contract, "during")

    def explained() -> bool:
        change.refresh_from_db()
        return "will be applied when it does" in change.message

    wait_for(explained, "the change says why it waits")
    assert (change.state, change.reason) == (ChangeState.WAITING, WaitReason.CLUSTER)
    assert state_of(harness, "during") == "waiting"
    cluster.start()
    wait_for(lambda: state_of(harness, "during") == "ready", "it is delivered")
    wait_for(lambda: Destination.objects.get().reachable is True)
    change.refresh_from_db()
    assert change.state == ChangeState.DELIVERED


def test_deletions_while_the_cluster_was_unreachable_are_detected(
    harness: Harness, cluster: RestartableCluster
) -> None:
    contract = harness.publish(PAIR)
    for name in ("kept", "lost"):
        harness.create(contract, name)
        wait_for(partial(is_ready, harness, name))
    harness.manager.stop()
    finalizers = {"metadata": {"finalizers": None}}
    harness.cluster.merge(contract.api_version, contract.kind, harness.namespace, "lost", finalizers)
    harness.cluster.delete(contract.api_version, contract.kind, harness.namespace, "lost")
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "kept-first")
    harness.manager.start()
    wait_for(lambda: harness.row("lost") is None, "the row of the deleted object is deleted")
    wait_for(lambda: harness.child("ConfigMap", "kept-first"), "the drift is repaired")
