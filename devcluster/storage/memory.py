"""Stores objects: one table per resource, one counter of versions, and the history that watches read.

A `Memory` knows nothing of kinds, schemas or HTTP. Objects are plain dicts and are never changed after they
are stored, so that lists, watches and readers can share them. Every write is one call without an await, which
makes it atomic. Versions count every write of the whole server, as those of etcd do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Manifest = dict[str, Any]
ObjectKey = tuple[str, str]  # namespace (empty for cluster-scoped objects), name

FIRST_VERSION = 10
HISTORY = 10_000  # changes that a table remembers; a watch that starts before them is answered with 410


@dataclass(frozen=True, slots=True)
class Change:
    """One write: `type` is ADDED, MODIFIED or DELETED; `before` is absent for ADDED."""

    type: str
    object: Manifest
    before: Manifest | None
    version: int


@dataclass(slots=True)
class Table:
    """The objects of one resource (`deployments.apps`) and their latest changes."""

    objects: dict[ObjectKey, Manifest] = field(default_factory=dict)
    history: deque[Change] = field(default_factory=deque)
    forgotten: int = 0  # the newest version that the history no longer holds
    listeners: list[Callable[[Change], None]] = field(default_factory=list)


class Memory:
    """All tables. `version` is the newest resourceVersion."""

    def __init__(self) -> None:
        self.version = FIRST_VERSION
        self.oldest = FIRST_VERSION  # changes before this version are not remembered
        self.tables: dict[str, Table] = {}
        self.before_write: list[Callable[[str, Change], None]] = []  # an exception prevents the write
        self.on_write: list[Callable[[str, Change], None]] = []

    def table(self, resource: str) -> Table:
        found = self.tables.get(resource)
        if found is None:
            found = self.tables[resource] = Table(forgotten=self.oldest)
        return found

    def get(self, resource: str, namespace: str, name: str) -> Manifest | None:
        return self.table(resource).objects.get((namespace, name))

    def list(self, resource: str, namespace: str = "") -> list[Manifest]:
        """Objects ordered by namespace and name; of all namespaces if `namespace` is empty."""
        objects = self.table(resource).objects
        keys = sorted(key for key in objects if not namespace or key[0] == namespace)
        return [objects[key] for key in keys]

    def put(self, resource: str, manifest: Manifest) -> Manifest:
        """Store an object with a new resourceVersion. The dict belongs to the memory from then on."""
        before = self.table(resource).objects.get(object_key(manifest))
        version = self.version + 1
        manifest["metadata"]["resourceVersion"] = str(version)
        self._write(resource, Change("MODIFIED" if before else "ADDED", manifest, before, version))
        return manifest

    def remove(self, resource: str, manifest: Manifest) -> Manifest:
        """Remove an object. Watchers see it with the version of its deletion."""
        before = self.table(resource).objects[object_key(manifest)]
        change = deletion(before, self.version + 1)
        self._write(resource, change)
        return change.object

    def _write(self, resource: str, change: Change) -> None:
        for hook in self.before_write:
            hook(resource, change)
        self.record(resource, change)
        for listener in tuple(self.table(resource).listeners):
            listener(change)
        for hook in self.on_write:
            hook(resource, change)

    def record(self, resource: str, change: Change) -> None:
        """Change the objects, the version and the history, without notifying anyone."""
        table, key = self.table(resource), object_key(change.object)
        if change.type == "DELETED":
            del table.objects[key]
        else:
            table.objects[key] = change.object
        self.version = change.version
        table.history.append(change)
        if len(table.history) > HISTORY:
            table.forgotten = table.history.popleft().version


def deletion(before: Manifest, version: int) -> Change:
    """The deletion of a stored object, which watchers see with the version of the deletion."""
    last = before | {"metadata": before["metadata"] | {"resourceVersion": str(version)}}
    return Change("DELETED", last, before, version)


def object_key(manifest: Manifest) -> ObjectKey:
    metadata = manifest["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Feed:
    """Changes of some resources as an async iterator. Close it, or leave its `with`, to stop listening."""

    def __init__(self, memory: Memory, resources: Iterable[str]) -> None:
        self._memory = memory
        self._resources = tuple(resources)
        self._queue: deque[Change] = deque()
        self._ready = asyncio.Event()
        for resource in self._resources:
            memory.table(resource).listeners.append(self._put)

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for resource in self._resources:
            listeners = self._memory.table(resource).listeners
            if self._put in listeners:
                listeners.remove(self._put)

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> Change:
        while not self._queue:
            self._ready.clear()
            await self._ready.wait()
        return self._queue.popleft()

    def waiting(self) -> list[Change]:
        """Take the changes received so far, without waiting."""
        found = list(self._queue)
        self._queue.clear()
        return found

    def put(self, change: Change) -> None:
        self._put(change)

    def _put(self, change: Change) -> None:
        self._queue.append(change)
        self._ready.set()
