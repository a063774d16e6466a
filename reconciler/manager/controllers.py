"""The controllers of one cluster: watches → keys → passes → rows.

``ContractController`` keeps kinds and instance watches equal to the published contracts, ``ChangeController``
delivers changes, ``InstanceController`` reconciles instances, ``ProjectionWriter`` writes what they observed.
The handlers that enqueue an instance are here too.
"""

from __future__ import annotations

from portal.live.subscriptions import notify, relay_other_processes
from reconciler.base import signals
from reconciler.base.db_thread import DatabaseThread
from reconciler.base.tasks import Runnable, run_all
from reconciler.base.workqueue import WorkQueue
from reconciler.cache.external_refs import ExternalRefIndex
from reconciler.cache.informers import SharedInformers, WatchKey
from reconciler.cache.instances import InstanceCache, key_of
from reconciler.cache.pods_and_events import PodAndEventWatcher
from reconciler.changes.controller import ChangeController
from reconciler.instances.apply import ReconcileCache
from reconciler.instances.controller import InstanceController
from reconciler.kinds.controller import ContractController
from reconciler.kube import Client
from reconciler.kube.informer import Event
from reconciler.objects.accessors import Manifest, uid_of
from reconciler.projection.resources import load_baselines
from reconciler.projection.writer import ProjectionWriter
from reconciler.status.snapshot import EventRecord, Key

PASSES_AT_ONCE = 16


class Controllers:
    """Created again for each term as leader, so that no observation of an earlier term is trusted."""

    def __init__(self, client: Client, database: DatabaseThread, destination: int) -> None:
        self.database, self.destination = database, destination
        self.queue: WorkQueue[Key] = WorkQueue()
        self.memory = ReconcileCache()
        self.projection = ProjectionWriter(database, destination)
        self.instances = InstanceCache()
        self.informers = SharedInformers(client, self.on_child, self.on_external)
        self.external_refs = ExternalRefIndex(self.informers)
        self.pods_and_events = PodAndEventWatcher(
            client, self.informers, self.on_dependent_changed, self.on_event_record
        )
        self.contract_controller = ContractController(
            client, database, destination, self.informers, self.instances, self.projection,
            self.on_instance, self.queue.add,
        )  # fmt: skip
        self.change_controller = ChangeController(
            client, database, destination, self.instances, self.queue.add
        )
        self.instance_controller = InstanceController(
            client, self.queue, self.contract_controller.contracts, self.informers, self.instances,
            self.external_refs,
            self.pods_and_events, self.memory, self.projection,
        )  # fmt: skip

    async def run(self) -> None:
        """Until cancelled; then everything that was started is stopped, and what was seen is written."""
        self.memory.losses = await self.database.call(load_baselines, self.destination)
        runnables: list[Runnable] = [
            self.contract_controller.run,
            self.contract_controller.run_schemas,
            self.change_controller.run,
            self.projection.write,
            self.relay_other_processes,
            *[self.instance_controller.work] * PASSES_AT_ONCE,
        ]
        try:
            await run_all(runnables)
        finally:
            self.contract_controller.close()
            await self.informers.close()
            await self.projection.flush()

    async def relay_other_processes(self) -> None:
        """Until cancelled."""
        await relay_other_processes(signals.TOPICS)

    def resync(self) -> None:
        """The cluster takes writes again: retry everything now instead of at the end of a back-off."""
        for topic in signals.TOPICS:
            notify(topic)
        self.informers.nudge()
        for key in self.instances.all_keys():
            self.queue.add(key)

    # -- what wakes an instance -------------------------------------------------------------------------

    def on_instance(self, group_kind: str, event: Event, obj: Manifest) -> None:
        key = key_of(group_kind, obj)
        if event == "deleted":
            self.instances.forget(key, obj)
            self.external_refs.follow(key, set())
            self.memory.losses.pop(uid_of(obj), None)
            self.projection.gone(
                self.contract_controller.contracts[group_kind].published.contract, key, uid_of(obj)
            )
        else:
            self.instances.remember(key, obj)
        self.queue.add(key)

    def on_child(self, uid: str, event: Event, obj: Manifest, old: Manifest | None) -> None:
        self.on_dependent_changed(uid)
        if event == "deleted":
            self.memory.settled.pop(uid_of(obj), None)

    def on_external(self, watch_key: WatchKey) -> None:
        for key in self.external_refs.keys(watch_key):
            self.queue.add(key)

    def on_dependent_changed(self, uid: str) -> None:
        """Something below this instance changed."""
        key = self.instances.key_of_uid(uid)
        if key is not None:
            self.queue.add(key)

    def on_event_record(self, uid: str, record: EventRecord) -> None:
        """An event of the cluster about a resource of this instance."""
        if self.instances.key_of_uid(uid) is not None:
            self.projection.record(uid, record)
