"""The cluster is away: rows stay, changes wait and say why, and all goes on when it returns."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.models import ChangeState, Destination
from tests.clusters import DevCluster
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for


class Place:
    """A cluster that can be stopped and started; its kubeconfig stands at one path all the time."""

    def __init__(self, folder: Path) -> None:
        self.kubeconfig, self._state = folder / "kubeconfig", folder / "state"
        self._cluster: DevCluster | None = None

    def start(self) -> None:
        self._cluster = DevCluster(state=self._state).start()
        shutil.copy(self._cluster.kubeconfig, self.kubeconfig)

    def stop(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def away(transactional_db: None, place: Place, settings: Any) -> Iterator[Harness]:
    settings.KUBECONFIG = str(place.kubeconfig)
    made = Harness(place.kubeconfig)
    made.manager.start()
    yield made
    made.close()


def test_a_change_waits_for_the_cluster_and_is_delivered(away: Harness, place: Place) -> None:
    contract = away.publish(PAIR)
    away.create(contract, "before")
    wait_for(lambda: away.row("before").state == "ready")
    place.stop()
    wait_for(lambda: Destination.objects.get().reachable is False, "it is noticed")
    assert away.row("before").state == "ready"
    change = away.create(contract, "during")

    def explained() -> bool:
        change.refresh_from_db()
        return "will be applied when it does" in change.message

    wait_for(explained, "the change says why it waits")
    assert change.state == ChangeState.APPROVED
    assert away.row("during").state == "waiting"
    place.start()
    wait_for(lambda: away.row("during").state == "ready", "it is delivered", seconds=30)
    wait_for(lambda: Destination.objects.get().reachable is True)
    change.refresh_from_db()
    assert change.state == ChangeState.DELIVERED


def test_what_was_deleted_meanwhile_is_detected(away: Harness, place: Place) -> None:
    contract = away.publish(PAIR)
    for name in ("kept", "lost"):
        away.create(contract, name)
        wait_for(lambda name=name: away.row(name).state == "ready")
    away.manager.stop()
    finalizers = {"metadata": {"finalizers": None}}
    away.cluster.merge(contract.api_version, contract.kind, away.namespace, "lost", finalizers)
    away.cluster.delete(contract.api_version, contract.kind, away.namespace, "lost")
    away.cluster.delete("v1", "ConfigMap", away.namespace, "kept-first")
    away.manager.start()
    wait_for(lambda: away.row("lost") is None, "the row of what is gone goes")
    wait_for(lambda: away.child("ConfigMap", "kept-first"), "drift of the meantime is repaired")
