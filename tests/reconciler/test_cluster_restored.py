"""A cluster that is restored from a backup goes back in time: the portal agrees with it and says so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.changes import propose_deletion, propose_update
from catalog.models import Change, DeletedInstance, Instance
from contracts.models import Contract
from portal.audit.models import Entry
from tests.clusters import DevCluster
from tests.devcluster.backup import back_up, restore
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for

UNDONE = "Its deletion is undone: request it again."
BEFORE = ("untouched", "edited", "deleting", "deleted")


class Backup:
    """A cluster with a backup. The path of its kubeconfig stays the same."""

    def __init__(self, folder: Path) -> None:
        self.kubeconfig, self._state = folder / "kubeconfig", folder / "state"
        self._cluster = DevCluster()
        self.start()

    def start(self) -> None:
        self._cluster = DevCluster(state=self._state)
        self._cluster.start()
        shutil.copy(self._cluster.kubeconfig, self.kubeconfig)

    def make(self) -> None:
        back_up(self._state)

    def restore(self) -> None:
        self.stop()
        restore(self._state)
        self.start()

    def stop(self) -> None:
        self._cluster.stop()


@pytest.fixture
def backup(tmp_path: Path) -> Iterator[Backup]:
    made = Backup(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def harness(transactional_db: None, backup: Backup, settings: Any) -> Iterator[Harness]:
    settings.KUBECONFIG = str(backup.kubeconfig)
    made = Harness(backup.kubeconfig)
    made.manager.start()
    yield made
    made.close()


def events(harness: Harness, name: str) -> list[str]:
    rows = harness.get_row(name).events.filter(reason="ClusterRestored")
    return list(rows.values_list("message", flat=True))


def children(harness: Harness) -> list[str]:
    maps = harness.cluster.list("v1", "ConfigMap", harness.namespace, "app.kubernetes.io/managed-by=slipway")
    return sorted(one["metadata"]["name"] for one in maps)


def are_ready(harness: Harness, *names: str) -> bool:
    rows = Instance.objects.filter(namespace=harness.namespace, name__in=names, state="ready")
    return rows.count() == len(names)


def is_settled(harness: Harness, contract: Contract, *names: str) -> bool:
    """These rows exist and no others, ready, and equal to their objects."""
    rows = {row.name: row for row in Instance.objects.filter(namespace=harness.namespace)}
    if set(rows) != set(names) or not are_ready(harness, *names):
        return False
    live = {name: harness.instance(contract, name) for name in names}
    return all(
        one is not None
        and (rows[name].uid, rows[name].resource_version, rows[name].spec)
        == (one["metadata"]["uid"], one["metadata"]["resourceVersion"], one["spec"])
        for name, one in live.items()
    )


def block_deletion(harness: Harness, name: str) -> None:
    """A finalizer of another tool on a child keeps the instance from being deleted completely."""
    finalizers = {"metadata": {"finalizers": ["example.com/other"]}}
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, f"{name}-second", finalizers)


@pytest.mark.slow
@pytest.mark.parametrize("restarted", [False, True], ids=["the-reconciler-runs", "it-is-restarted"])
def test_a_restored_cluster_wins_and_pages_say_what_happened(
    harness: Harness, backup: Backup, restarted: bool
) -> None:
    contract = harness.publish(PAIR)
    for name in BEFORE:
        harness.create(contract, name, text="old")
    wait_for(lambda: is_settled(harness, contract, *BEFORE))
    keys = {name: harness.get_row(name).pk for name in BEFORE}
    backup.make()

    edit = harness.manifest(contract, "edited", text="new", extra=False)
    propose_update(instance=harness.get_row("edited"), manifest=edit, by=harness.user)
    harness.create(contract, "created")
    block_deletion(harness, "deleting")
    for name in ("deleting", "deleted"):
        propose_deletion(instance=harness.get_row(name), by=harness.user)
    wait_for(lambda: harness.row("deleted") is None)
    wait_for(lambda: harness.get_row("deleting").deletion_requested_at is not None)
    wait_for(lambda: harness.get_row("edited").spec["text"] == "new" and are_ready(harness, "edited"))
    wait_for(lambda: are_ready(harness, "created"))
    created = harness.get_row("created").pk
    if restarted:
        harness.manager.stop()
    backup.restore()
    harness.cluster.run(harness.cluster.client.renew())
    harness.manager.start()

    wait_for(lambda: is_settled(harness, contract, *BEFORE), "rows and objects agree", 30)
    assert {one.name: one.spec["text"] for one in Instance.objects.all()} == dict.fromkeys(BEFORE, "old")
    wait_for(lambda: harness.get_child("ConfigMap", "edited-first")["data"] == {"text": "old"})
    assert not Change.objects.open().exists()
    assert not [one for one in children(harness) if one.startswith("created-")], "nothing was left or made"
    assert events(harness, "untouched") == []
    assert [one.startswith("The cluster was restored") for one in events(harness, "edited")] == [True]
    assert "lost: request them again." in events(harness, "edited")[0]
    assert [UNDONE in one for one in events(harness, "deleting")] == [True]
    assert [UNDONE in one for one in events(harness, "deleted")] == [True]
    assert {name: harness.get_row(name).pk for name in BEFORE[:3]} == {
        name: keys[name] for name in BEFORE[:3]
    }
    gone = DeletedInstance.objects.get(pk=created)
    assert "did not exist yet" in gone.message
    assert Entry.objects.get(verb="instance.lost").subject_id == str(created)

    for name in ("deleting", "deleted"):
        propose_deletion(instance=harness.get_row(name), by=harness.user)
    wait_for(lambda: is_settled(harness, contract, "untouched", "edited"), "they can be deleted again")
