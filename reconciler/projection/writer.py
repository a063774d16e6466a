"""What waits to be written into the database.

What arrives while one batch is written is the next batch.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from reconciler.base.db_thread import DatabaseThread
from reconciler.objects.accessors import uid_of
from reconciler.projection import instances
from reconciler.status.snapshot import EventRecord, Key, Listing, Snapshot


@dataclass(frozen=True, slots=True)
class _Deletion:
    """``prepare`` returns the work for the database thread, ``done`` gets its result."""

    key: Key | None
    prepare: Callable[[], Callable[[], Any]]
    done: Callable[[Any], None] = lambda _: None


class ProjectionWriter:
    """Keeps only the newest snapshot of each instance, merged with what older ones observed."""

    def __init__(self, database: DatabaseThread, destination: int) -> None:
        self._database, self._destination = database, destination
        self._snapshots: OrderedDict[Key, Snapshot] = OrderedDict()
        self._deletions: list[_Deletion] = []
        self._records: dict[str, list[EventRecord]] = {}  # uid of an instance → its events
        self._pending = asyncio.Event()

    def put(self, snapshot: Snapshot) -> None:
        waiting = self._snapshots.pop(snapshot.key, None)
        if waiting is not None and uid_of(waiting.instance) == uid_of(snapshot.instance):
            snapshot = waiting.merged_into(snapshot)
        self._snapshots[snapshot.key] = snapshot
        self._pending.set()

    def record(self, uid: str, record: EventRecord) -> None:
        self._records.setdefault(uid, []).append(record)
        self._pending.set()

    def deleted(self, contract: int, key: Key, uid: str, *, lost: bool = False) -> None:
        """The object was deleted, or lost because the cluster went back in time."""
        self._snapshots.pop(key, None)
        work = partial(instances.project_deleted, self._destination, contract, key, uid, lost=lost)
        self._deletions.append(_Deletion(key, lambda: work))
        self._pending.set()

    def listed(
        self,
        contract: int,
        listing: Callable[[], Listing],
        done: Callable[[instances.ListResult], None],
    ) -> None:
        """A complete list was observed: rows of objects that do not exist any more are deleted.

        ``listing`` is called when the rows are compared: a delivery may have saved a uid since the list.
        """

        def prepare() -> Callable[[], instances.ListResult]:
            return partial(instances.project_list, self._destination, contract, listing())

        self._deletions.append(_Deletion(None, prepare, done))
        self._pending.set()

    async def write(self) -> None:
        """Until cancelled."""
        while True:
            await self._pending.wait()
            self._pending.clear()
            await self.flush()

    async def flush(self) -> None:
        """Raises what the database raises; nothing is lost then, and the next call writes it."""
        while self._deletions:
            deletion = self._deletions[0]
            result = await self._database.call(deletion.prepare())
            self._deletions.pop(0)
            deletion.done(result)
        batch, self._snapshots = self._snapshots, OrderedDict()
        records, self._records = self._records, {}
        try:
            if batch:
                await self._database.call(instances.project, self._destination, list(batch.values()))
                batch = OrderedDict()
            if records:
                await self._database.call(instances.project_events, self._destination, records)
        except BaseException:
            self._put_back(batch, records)
            raise

    def _put_back(self, batch: Mapping[Key, Snapshot], records: Mapping[str, list[EventRecord]]) -> None:
        deleted = {deletion.key for deletion in self._deletions}
        newer, self._snapshots = self._snapshots, OrderedDict()
        for key, snapshot in (*batch.items(), *newer.items()):
            if key not in deleted or key in newer:
                self.put(snapshot)
        for uid, lines in records.items():
            self._records[uid] = [*lines, *self._records.get(uid, [])]
        self._pending.set()
