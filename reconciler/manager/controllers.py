"""Everything that the engine does while it looks after a cluster: watches → keys → passes → rows.

Its tasks: ``Offering`` keeps kinds and instance watches equal to the published contracts, ``Courier`` brings
changes to the cluster, ``Workers`` run passes, ``Rows`` writes what they saw. What wakes an instance stands
here.
"""

from __future__ import annotations

from reconciler.base.db_thread import Database
from reconciler.base.signals import hear_other_processes, wake
from reconciler.base.tasks import Work, together
from reconciler.base.workqueue import Queue
from reconciler.cache.external_refs import Externals
from reconciler.cache.informers import Watched, Watches
from reconciler.cache.instances import Instances, key_of
from reconciler.cache.pods_and_events import Companions
from reconciler.changes.controller import Courier
from reconciler.instances.apply import Memory
from reconciler.instances.controller import Workers
from reconciler.kinds.controller import Offering
from reconciler.kube import Client
from reconciler.kube.informer import Event
from reconciler.objects.reading import Manifest, uid_of
from reconciler.projection.resources import remembered
from reconciler.projection.writer import Rows
from reconciler.status.snapshot import Key, Note

PASSES_AT_ONCE = 16


class Duty:
    """Made anew whenever the engine takes up its work, so that nothing of an earlier time is believed."""

    def __init__(self, client: Client, database: Database, destination: int) -> None:
        self.database, self.destination = database, destination
        self.queue: Queue[Key] = Queue()
        self.memory = Memory()
        self.rows = Rows(database, destination)
        self.instances = Instances()
        self.watches = Watches(client, self.on_child, self.on_external)
        self.externals = Externals(self.watches)
        self.companions = Companions(client, self.watches, self.on_news, self.on_note)
        self.offering = Offering(
            client, database, destination, self.watches, self.instances, self.rows,
            self.on_instance, self.queue.add,
        )  # fmt: skip
        self.courier = Courier(client, database, destination, self.instances, self.queue.add)
        self.workers = Workers(
            client, self.queue, self.offering.offers, self.watches, self.instances, self.externals,
            self.companions, self.memory, self.rows,
        )  # fmt: skip

    async def run(self) -> None:
        """Until cancelled; then everything that was started is stopped, and what was seen is written."""
        self.memory.losses = await self.database.call(remembered, self.destination)
        works: list[Work] = [
            self.offering.keep,
            self.offering.keep_schemas,
            self.courier.run,
            self.rows.write,
            hear_other_processes,
            *[self.workers.work] * PASSES_AT_ONCE,
        ]
        try:
            await together(works)
        finally:
            self.offering.close()
            await self.watches.close()
            await self.rows.flush()

    def go_on(self) -> None:
        """The cluster takes writes again: nobody waits for the end of a back-off."""
        wake("contracts")
        wake("changes")
        self.watches.nudge()
        for key in self.instances.all_keys():
            self.queue.add(key)

    # -- what wakes an instance -------------------------------------------------------------------------

    def on_instance(self, group_kind: str, event: Event, obj: Manifest) -> None:
        key = key_of(group_kind, obj)
        if event == "deleted":
            self.instances.forget(key, obj)
            self.externals.follow(key, set())
            self.memory.losses.pop(uid_of(obj), None)
            self.rows.gone(self.offering.offers[group_kind].published.contract, key, uid_of(obj))
        else:
            self.instances.remember(key, obj)
        self.queue.add(key)

    def on_child(self, uid: str, event: Event, obj: Manifest, old: Manifest | None) -> None:
        self.on_news(uid)
        if event == "deleted":
            self.memory.settled.pop(uid_of(obj), None)

    def on_external(self, watched: Watched) -> None:
        for key in self.externals.keys(watched):
            self.queue.add(key)

    def on_news(self, uid: str) -> None:
        """Something below this instance changed."""
        key = self.instances.key_of_uid(uid)
        if key is not None:
            self.queue.add(key)

    def on_note(self, uid: str, note: Note) -> None:
        """An event of the cluster about a resource of this instance."""
        if self.instances.key_of_uid(uid) is not None:
            self.rows.note(uid, note)
