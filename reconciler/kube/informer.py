"""The objects of one kind, kept true by list and watch.

A WatchList stream where the server offers it (KEP-3157), else pages and then a watch. Bookmarks are on,
so that a quiet watch does not grow old. A watch that ends is resumed; one that is too old (410) lists
again and tells what changed meanwhile, lost deletions too. ``store_write`` puts the answer of a write into
the cache at once: what was just written is never read back older.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
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


def nothing(_: Manifest) -> Iterable[str]:
    return ()


class Informer:
    """Start ``run`` as a task; ``synced`` is set once everything has been seen."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        on_change: OnChange,
        on_sync: Callable[[], None] = lambda: None,
        index: Index = nothing,
        keep: Callable[[dict[str, Any]], dict[str, Any]] = lambda obj: obj,
    ) -> None:
        """``index`` names the groups that an object is found under.

        ``keep`` drops what memory need not hold.
        """
        self.client, self.resource, self.namespace = client, resource, namespace
        self._selectors = selectors(labels, fields)
        self._labels, self._fields = labels, fields
        self._on_change, self._on_sync, self._index, self._keep = on_change, on_sync, index, keep
        self._objects: dict[Key, Manifest] = {}
        self._groups: dict[str, set[Key]] = defaultdict(set)
        self._version = ""
        self._doubtful: set[Key] = set()  # seen before contact was lost: it may be another cluster by now
        self._epoch = client.epoch
        self._streaming_list = True
        self._nudged = asyncio.Event()
        self.synced = asyncio.Event()
        self.failure = ""  # why it is not in touch with the server, in words

    # -- reading ----------------------------------------------------------------------------------------

    def get(self, namespace: str, name: str) -> Manifest | None:
        return self._objects.get((namespace, name))

    def all(self) -> list[Manifest]:
        return list(self._objects.values())

    def group(self, name: str) -> list[Manifest]:
        """Objects that ``index`` put under this name, ordered by namespace and name."""
        return [self._objects[key] for key in sorted(self._groups.get(name, ()))]

    # -- writing into the cache -------------------------------------------------------------------------

    def store_write(self, obj: dict[str, Any]) -> None:
        """Take the answer of a write, unless the cache is already beyond it.

        The writer knows the object: ``on_change`` is not called, now or when the watch brings this version.
        """
        if self._was_deleted(obj):
            return
        self._put({**obj, "apiVersion": self.resource.api_version, "kind": self.resource.kind}, tell=False)

    def _was_deleted(self, obj: Manifest) -> bool:
        """Whether the watch is past the version of an object that is not in the cache."""
        absent = (namespace_of(obj), name_of(obj)) not in self._objects
        return absent and bool(self._version) and not is_newer(version_of(obj), self._version)

    def _put(self, obj: dict[str, Any], *, tell: bool = True) -> None:
        key = (namespace_of(obj), name_of(obj))
        old = self._objects.get(key)
        if old is not None and self._is_known(key, obj, old):
            return
        kept = self._keep(obj)
        self._unindex(key, old)
        self._objects[key] = kept
        for group in self._index(kept):
            self._groups[group].add(key)
        if tell:
            self._on_change("modified" if old is not None else "added", kept, old)

    def _is_known(self, key: Key, obj: Manifest, old: Manifest) -> bool:
        """Whether the cache already holds this, or something newer."""
        if key in self._doubtful:
            self._doubtful.discard(key)
            return (uid_of(obj), version_of(obj)) == (uid_of(old), version_of(old))
        return not is_newer(version_of(obj), version_of(old))

    def _drop(self, key: Key, version: str) -> None:
        old = self._objects.get(key)
        learned = key not in self._doubtful and version and old and is_newer(version_of(old), version)
        if old is None or learned:
            return  # a newer object of this name was learned meanwhile
        self._doubtful.discard(key)
        del self._objects[key]
        self._unindex(key, old)
        self._on_change("deleted", old, old)

    def _unindex(self, key: Key, old: Manifest | None) -> None:
        for group in self._index(old) if old is not None else ():
            self._groups[group].discard(key)
            if not self._groups[group]:
                del self._groups[group]

    # -- keeping true -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        wait = FIRST_WAIT
        while True:
            if self._epoch != self.client.epoch:
                self._doubt()
            try:
                await self._follow()
                wait = FIRST_WAIT
            except ApiError as error:
                if error.gone:
                    self._version = ""
                    continue
                wait = await self._pause(error, error.retry_after or wait)
            except KubeError as error:
                self._doubt()
                wait = await self._pause(error, wait)

    def _doubt(self) -> None:
        """What answers next may be another cluster under the same name, whose versions say nothing here."""
        self._version, self._doubtful, self._epoch = "", set(self._objects), self.client.epoch

    async def _pause(self, error: KubeError, wait: float) -> float:
        if str(error) != self.failure:
            log.info("%s: %s", self.resource.plural, error)
        self.failure = str(error)
        self._nudged.clear()
        try:
            async with asyncio.timeout(random.uniform(FIRST_WAIT / 4, wait)):  # noqa: S311 (jitter, no secret)
                await self._nudged.wait()
        except TimeoutError:
            return min(wait * 2, LONGEST_WAIT)
        return FIRST_WAIT

    def nudge(self) -> None:
        """Try again now, if it waits after a failure."""
        self._nudged.set()

    async def _follow(self) -> None:
        if self._version:
            await self._watch({"resourceVersion": self._version})
        elif self._streaming_list:
            try:
                await self._stream_list()
            except ApiError as error:
                if error.code not in (400, 404, 405, 422) or error.gone:
                    raise
                self._streaming_list = False  # an older server, or one without the feature
        else:
            items, version = await self.client.list_all(
                self.resource, self.namespace, labels=self._labels, fields=self._fields
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
        query = {**query, **self._selectors, "timeoutSeconds": str(seconds)}
        async with asyncio.timeout(seconds + 30):
            async for event in self.client.watch(self.resource, self.namespace, query=query):
                self.failure = ""
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
        for key in [key for key in self._objects if key not in seen]:
            self._drop(key, version)
        self._version, self.failure = version, ""
        self._doubtful.clear()
        self.synced.set()
        self._on_sync()
