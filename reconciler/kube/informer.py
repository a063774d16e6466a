"""The objects of one kind in memory, kept up to date by list and watch.

Uses a WatchList stream where the server offers it (KEP-3157), else pages and then a watch. Bookmarks keep a
quiet watch from expiring. A watch that ends is resumed; one that is too old (410) lists again and reports
what changed meanwhile, missed deletions included. ``store_write`` puts the answer of a write into the cache
at once: what was just written is never read back older.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.kube.client import Client, selectors
from reconciler.kube.discovery import Resource
from reconciler.kube.errors import ApiError, KubeError
from reconciler.objects.accessors import Manifest, is_newer, name_of, namespace_of, uid_of, version_of

log = logging.getLogger("slipway.kube.informer")

Event = Literal["added", "modified", "deleted"]
Key = tuple[str, str]  # namespace, name
OnChange = Callable[[Event, Manifest, Manifest | None], None]
Index = Callable[[Manifest], Iterable[str]]

FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0
WATCH_SECONDS = (240, 480)  # asked of the server, so that a half-open connection cannot last
INITIAL_END = "k8s.io/initial-events-end"


def no_groups(_: Manifest) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Which objects are listed and watched; all by default."""

    namespace: str = ""
    labels: str = ""
    fields: str = ""


@dataclass(frozen=True, slots=True)
class EventHandler:
    """``on_sync`` is called after each complete list."""

    on_change: OnChange
    on_sync: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """``index``: the groups that an object is found under. ``transform``: drops what need not be stored."""

    index: Index = no_groups
    transform: Callable[[dict[str, Any]], dict[str, Any]] = lambda obj: obj


class Informer:
    """Start ``run`` as a task; ``synced`` is set once everything has been listed."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        handler: EventHandler,
        options: ListOptions = ListOptions(),
        store: StoreOptions = StoreOptions(),
    ) -> None:
        self.client, self.resource = client, resource
        self._handler, self._options, self._store = handler, options, store
        self._objects: dict[Key, Manifest] = {}
        self._groups: dict[str, set[Key]] = defaultdict(set)
        self._version = ""
        self._doubtful: set[Key] = set()  # seen before the connection was lost: it may be another cluster now
        self._epoch = client.epoch
        self._streaming_list = True
        self._nudged = asyncio.Event()
        self.synced = asyncio.Event()
        self.failure = ""  # why it is not connected to the server
        self.forbidden = asyncio.Event()  # set while a right to list or watch is missing
        self.missing_right = ""

    # -- reading ----------------------------------------------------------------------------------------

    @property
    def version(self) -> str:
        """The newest version that the watch has reported; empty when that is not known."""
        return self._version

    def get(self, namespace: str, name: str) -> Manifest | None:
        return self._objects.get((namespace, name))

    def is_doubtful(self, namespace: str, name: str) -> bool:
        """Whether the object was seen before the connection was lost and not since: it may be gone."""
        return self._epoch != self.client.epoch or (namespace, name) in self._doubtful

    def all(self) -> list[Manifest]:
        return list(self._objects.values())

    def group(self, name: str) -> list[Manifest]:
        """Objects that ``index`` put under this name, ordered by namespace and name."""
        return [self._objects[key] for key in sorted(self._groups.get(name, ()))]

    # -- writing into the cache -------------------------------------------------------------------------

    def store_write(self, obj: dict[str, Any]) -> bool:
        """Take the answer of a write, unless the cache is already beyond it.

        The writer knows the object: ``on_change`` is not called, now or when the watch brings this version.
        Returns False when the object was deleted after this write, which the watch has already reported.
        """
        if self._epoch != self.client.epoch:
            self._distrust()  # the answer may come from another cluster than everything else
        if self._was_deleted(obj):
            return False
        self._put({**obj, "apiVersion": self.resource.api_version, "kind": self.resource.kind}, notify=False)
        return True

    def _was_deleted(self, obj: Manifest) -> bool:
        """Whether the watch is past the version of an object that is not in the cache.

        The watch reports the changes of a kind in the order of their versions. So it is past every version
        up to its own, and needs no memory of the objects that it reported as deleted.
        """
        absent = (namespace_of(obj), name_of(obj)) not in self._objects
        return absent and bool(self._version) and not is_newer(version_of(obj), self._version)

    def _put(self, obj: dict[str, Any], *, notify: bool = True) -> None:
        key = (namespace_of(obj), name_of(obj))
        old = self._objects.get(key)
        if old is not None and self._is_known(key, obj, old, written=not notify):
            return
        kept = self._store.transform(obj)
        self._unindex(key, old)
        if old is not None and uid_of(old) != uid_of(obj):  # recreated: the end of the old one was missed
            del self._objects[key]
            self._handler.on_change("deleted", old, old)
            old = None
        self._objects[key] = kept
        for group in self._store.index(kept):
            self._groups[group].add(key)
        if notify:
            self._handler.on_change("modified" if old is not None else "added", kept, old)

    def _is_known(self, key: Key, obj: Manifest, old: Manifest, *, written: bool) -> bool:
        """Whether the cache already holds this, or something newer.

        A doubt remains when a pass that wrote nothing returns what it had read from the cache.
        """
        if key in self._doubtful:
            is_same = (uid_of(obj), version_of(obj)) == (uid_of(old), version_of(old))
            if not (written and is_same):
                self._doubtful.discard(key)
            return is_same
        return not is_newer(version_of(obj), version_of(old))

    def _drop(self, key: Key, version: str) -> None:
        old = self._objects.get(key)
        newer = key not in self._doubtful and version and old and is_newer(version_of(old), version)
        if old is None or newer:
            return  # a newer object of this name was stored meanwhile
        self._doubtful.discard(key)
        del self._objects[key]
        self._unindex(key, old)
        self._handler.on_change("deleted", old, old)

    def _unindex(self, key: Key, old: Manifest | None) -> None:
        for group in self._store.index(old) if old is not None else ():
            self._groups[group].discard(key)
            if not self._groups[group]:
                del self._groups[group]

    # -- list and watch -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        wait = FIRST_WAIT
        while True:
            if self._epoch != self.client.epoch:
                self._distrust()
            try:
                await self._follow()
                wait = FIRST_WAIT
            except ApiError as error:
                if error.is_expired:
                    self._version = ""
                    continue
                wait = await self._pause(error, error.retry_after or wait)
            except KubeError as error:
                self._distrust()
                wait = await self._pause(error, wait)

    def _distrust(self) -> None:
        """The next answer may come from another cluster of this name, whose versions are not comparable."""
        self._version, self._doubtful, self._epoch = "", set(self._objects), self.client.epoch

    async def _pause(self, error: KubeError, wait: float) -> float:
        if str(error) != self.failure:
            log.info("%s: %s", self.resource.plural, error)
        self.failure = str(error)
        self._note_right(error.missing_right if isinstance(error, ApiError) else "")
        self._nudged.clear()
        try:
            async with asyncio.timeout(random.uniform(FIRST_WAIT / 4, wait)):  # noqa: S311 (jitter, no secret)
                await self._nudged.wait()
        except TimeoutError:
            return min(wait * 2, LONGEST_WAIT)
        return FIRST_WAIT

    def _note_right(self, missing: str) -> None:
        self.missing_right = missing
        if missing:
            self.forbidden.set()
        else:
            self.forbidden.clear()

    def nudge(self) -> None:
        """Retry now, if it waits after a failure."""
        self._nudged.set()

    async def _follow(self) -> None:
        if self._version:
            await self._watch({"resourceVersion": self._version})
        elif self._streaming_list:
            try:
                await self._stream_list()
            except ApiError as error:
                if error.code not in (400, 404, 405, 422) or error.is_expired:
                    raise
                self._streaming_list = False  # an older server, or one without the feature
        else:
            options = self._options
            items, version = await self.client.list_all(
                self.resource, options.namespace, labels=options.labels, fields=options.fields
            )
            self._replace(items, version)

    async def _stream_list(self) -> None:
        seen: set[Key] = set()
        query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "resourceVersion": ""}
        async for event in self._events(query):
            obj = event["object"]
            key = (namespace_of(obj), name_of(obj))
            if self._version:
                self._take(event)
            elif event["type"] == "BOOKMARK":
                if (obj["metadata"].get("annotations") or {}).get(INITIAL_END) == "true":
                    self._finish_list(seen, version_of(obj))
            elif event["type"] == "DELETED":
                seen.discard(key)
            else:
                seen.add(key)
                self._put(self._typed(obj))

    async def _watch(self, query: Mapping[str, str]) -> None:
        async for event in self._events(query):
            self._take(event)

    async def _events(self, query: Mapping[str, str]) -> Any:
        seconds = random.randint(*WATCH_SECONDS)  # noqa: S311 (spreads the load, no secret)
        selected = selectors(self._options.labels, self._options.fields)
        query = {**query, **selected, "timeoutSeconds": str(seconds)}
        async with asyncio.timeout(seconds + 30):
            async for event in self.client.watch(self.resource, self._options.namespace, query=query):
                self.failure = ""
                self._note_right("")
                yield event

    def _take(self, event: Mapping[str, Any]) -> None:
        obj = event["object"]
        self._version = version_of(obj) or self._version
        if event["type"] in ("ADDED", "MODIFIED"):
            self._put(self._typed(obj))
        elif event["type"] == "DELETED":
            self._drop((namespace_of(obj), name_of(obj)), version_of(obj))

    def _typed(self, obj: dict[str, Any]) -> dict[str, Any]:
        obj["apiVersion"], obj["kind"] = self.resource.api_version, self.resource.kind
        return obj

    def _replace(self, items: Iterable[dict[str, Any]], version: str) -> None:
        seen = set()
        for item in items:
            seen.add((namespace_of(item), name_of(item)))
            self._put(item)
        self._finish_list(seen, version)

    def _finish_list(self, seen: set[Key], version: str) -> None:
        self._version, self.failure = version, ""
        for key in [key for key in self._objects if key not in seen]:
            self._drop(key, version)
        self._note_right("")
        self._doubtful.clear()
        self.synced.set()
        self._handler.on_sync()
