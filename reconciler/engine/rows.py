"""What waits to be written into the database.

Whatever comes together while one batch is written is the next batch.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.engine import projection
from reconciler.engine.database import Database
from reconciler.engine.snapshot import Key, Note, Snapshot
from reconciler.objects.reading import uid_of


class Rows:
    """Of each instance only the newest snapshot is kept, with the notes of those before it."""

    def __init__(self, database: Database, destination: int) -> None:
        self._database, self._destination = database, destination
        self._snapshots: OrderedDict[Key, Snapshot] = OrderedDict()
        self._gone: list[Callable[[], Any]] = []
        self._notes: dict[str, list[Note]] = {}  # uid of an instance → lines for its history
        self._news = asyncio.Event()

    def put(self, snapshot: Snapshot) -> None:
        waiting = self._snapshots.pop(snapshot.key, None)
        if waiting is not None and uid_of(waiting.instance) == uid_of(snapshot.instance):
            snapshot = merged(waiting, snapshot)
        self._snapshots[snapshot.key] = snapshot
        self._news.set()

    def note(self, uid: str, note: Note) -> None:
        self._notes.setdefault(uid, []).append(note)
        self._news.set()

    def gone(self, contract: int, key: Key, uid: str) -> None:
        """The object is deleted."""
        self._snapshots.pop(key, None)
        self._gone.append(partial(projection.project_gone, self._destination, contract, key, uid))
        self._news.set()

    def listed(self, contract: int, uids: set[str]) -> None:
        """A whole list was seen: rows of what is not in it are of the past."""
        self._gone.append(partial(projection.project_list, self._destination, contract, uids))
        self._news.set()

    async def write(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.flush()

    async def flush(self) -> None:
        batch, self._snapshots = list(self._snapshots.values()), OrderedDict()
        gone, self._gone = self._gone, []
        notes, self._notes = self._notes, {}
        for work in gone:
            await self._database.call(work)
        if batch:
            await self._database.call(projection.project, self._destination, batch)
        if notes:
            await self._database.call(projection.project_notes, self._destination, notes)


def merged(older: Snapshot, newer: Snapshot) -> Snapshot:
    """The newer one, with the notes of one that was not written yet."""
    summary = newer.summary or older.summary
    return replace(newer, notes=older.notes + newer.notes, summary=summary)
