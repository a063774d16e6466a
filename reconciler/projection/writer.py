"""What waits to be written into the database.

Whatever comes together while one batch is written is the next batch.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.base.db_thread import DatabaseThread
from reconciler.objects.accessors import uid_of
from reconciler.projection import instances
from reconciler.status.snapshot import EventRecord, Key, Snapshot


class ProjectionWriter:
    """Of each instance only the newest snapshot is kept, with the notes of those before it."""

    def __init__(self, database: DatabaseThread, destination: int) -> None:
        self._database, self._destination = database, destination
        self._snapshots: OrderedDict[Key, Snapshot] = OrderedDict()
        # Each entry prepares its work when it is handed to the database thread.
        self._gone: list[tuple[Key | None, Callable[[], Callable[[], Any]]]] = []
        self._notes: dict[str, list[EventRecord]] = {}  # uid of an instance → lines for its history
        self._news = asyncio.Event()

    def put(self, snapshot: Snapshot) -> None:
        waiting = self._snapshots.pop(snapshot.key, None)
        if waiting is not None and uid_of(waiting.instance) == uid_of(snapshot.instance):
            snapshot = merged(waiting, snapshot)
        self._snapshots[snapshot.key] = snapshot
        self._news.set()

    def record(self, uid: str, record: EventRecord) -> None:
        self._notes.setdefault(uid, []).append(record)
        self._news.set()

    def gone(self, contract: int, key: Key, uid: str) -> None:
        """The object is deleted."""
        self._snapshots.pop(key, None)
        work = partial(instances.project_gone, self._destination, contract, key, uid)
        self._gone.append((key, lambda: work))
        self._news.set()

    def listed(self, contract: int, live_uids: Callable[[], set[str]]) -> None:
        """A complete list was observed: rows of objects that do not exist any more are deleted.

        ``live_uids`` is called when the rows are compared: a delivery may have saved a uid since the list.
        """
        self._gone.append(
            (None, lambda: partial(instances.project_list, self._destination, contract, live_uids()))
        )
        self._news.set()

    async def write(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.flush()

    async def flush(self) -> None:
        """Raises what the database raises; then nothing is lost, and the next call writes it."""
        while self._gone:
            _, prepare = self._gone[0]
            await self._database.call(prepare())
            self._gone.pop(0)
        batch, self._snapshots = self._snapshots, OrderedDict()
        records, self._notes = self._notes, {}
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
        gone = {key for key, _ in self._gone}
        newer, self._snapshots = self._snapshots, OrderedDict()
        for key, snapshot in (*batch.items(), *newer.items()):
            if key not in gone or key in newer:
                self.put(snapshot)
        for uid, lines in records.items():
            self._notes[uid] = [*lines, *self._notes.get(uid, [])]
        self._news.set()


def merged(older: Snapshot, newer: Snapshot) -> Snapshot:
    """The newer one, with the notes of one that was not written yet."""
    summary = newer.summary or older.summary
    return replace(newer, records=older.records + newer.records, summary=summary)
