"""Watches: the history first, then changes as they happen, filtered and in the form that the client accepts.

Each event is encoded once per form and shared among watchers.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from devcluster.kinds import defaults
from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import expired
from devcluster.registry.admission import converted
from devcluster.registry.lists import Selection
from devcluster.storage.memory import Change, Feed, Manifest, Memory

BOOKMARK_EVERY = 60.0
MAX_SECONDS = 1800.0
INITIAL_END = {"k8s.io/initial-events-end": "true"}

Render = Callable[[Manifest], Manifest]


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """The options of a watch.

    `initial` sends the existing objects first; otherwise the watch starts after `version`. `mark_end` sends a
    bookmark after the existing objects.
    """

    selection: Selection
    version: int
    initial: bool
    bookmarks: bool
    mark_end: bool
    seconds: float


class Encoder:
    """Caches the JSON of objects: a stored object is encoded once for all watchers."""

    def __init__(self) -> None:
        self._lines: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()

    def line(self, kind: str, version: str, manifest: Manifest) -> bytes:
        key = (kind, version, manifest["metadata"].get("resourceVersion", ""))
        found = self._lines.get(key)
        if found is None:
            found = self._lines[key] = event_line(kind, manifest)
            if len(self._lines) > 4096:
                self._lines.popitem(last=False)
        return found


def event_line(kind: str, manifest: Manifest) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + orjson.dumps(manifest) + b"}\n"


class Watch:
    """One watch of one kind. `lines` yields encoded events until the timeout."""

    def __init__(
        self,
        memory: Memory,
        kind: Kind,
        request: WatchRequest,
        render: Render | None,
        encoder: Encoder,
    ) -> None:
        self._memory, self._kind, self._request = memory, kind, request
        self._render, self._encoder = render, encoder

    async def lines(self) -> AsyncIterator[bytes]:
        with Feed(self._memory, [self._kind.resource]) as feed:
            started = self._memory.version
            for line in self._first():
                yield line
            if self._expired() or self._request.version > started + 1_000_000:
                return
            async for line in self._later(feed):
                yield line

    def _expired(self) -> bool:
        request = self._request
        return (
            not request.initial
            and bool(request.version)
            and request.version < self._memory.table(self._kind.resource).forgotten
        )

    def _first(self) -> list[bytes]:
        request, table = self._request, self._memory.table(self._kind.resource)
        if self._expired():
            error = expired(f"too old resource version: {request.version} ({table.forgotten})")
            return [event_line("ERROR", error.body())]
        if not request.initial:
            since = request.version or self._memory.version
            changes = [change for change in table.history if change.version > since]
            return [line for change in changes if (line := self._event(change))]
        found = [
            one
            for one in self._memory.list(self._kind.resource, self._request.selection.namespace)
            if self._request.selection.has(one)
        ]
        lines = [self._line("ADDED", manifest) for manifest in found]
        if request.mark_end:
            lines.append(self._bookmark(INITIAL_END))
        return lines

    async def _later(self, feed: Feed) -> AsyncIterator[bytes]:
        ends = time.monotonic() + self._request.seconds
        early = ends - 2.0 if self._request.seconds > 2 else ends + 1
        mark = min(time.monotonic() + BOOKMARK_EVERY, early)
        while (left := ends - time.monotonic()) > 0:
            until = min(left, max(0.01, mark - time.monotonic())) if self._request.bookmarks else left
            try:
                change = await asyncio.wait_for(anext(feed), until)
            except TimeoutError:
                if self._request.bookmarks and time.monotonic() >= mark and time.monotonic() < ends:
                    yield self._bookmark(None)
                    mark = time.monotonic() + BOOKMARK_EVERY
                    mark = early if time.monotonic() < early < mark else mark
                continue
            lines = [self._event(change), *map(self._event, feed.waiting())]
            yield b"".join(filter(None, lines))

    def _event(self, change: Change) -> bytes | None:
        """The event of a change. An object that enters the selection is ADDED, one that leaves it DELETED."""
        was = change.before is not None and self._request.selection.has(change.before)
        is_now = change.type != "DELETED" and self._request.selection.has(change.object)
        if is_now:
            return self._line("MODIFIED" if was else "ADDED", change.object)
        if not was:
            return None
        last = change.object
        if change.type != "DELETED" and change.before is not None:
            meta = {**change.before["metadata"], "resourceVersion": str(change.version)}
            return event_line("DELETED", self._rendered({**change.before, "metadata": meta}))
        return self._line("DELETED", last)

    def _rendered(self, manifest: Manifest) -> Manifest:
        if manifest["apiVersion"] != self._kind.api_version:
            manifest = converted(manifest, self._kind.api_version)
        return self._render(manifest) if self._render else manifest

    def _line(self, kind: str, manifest: Manifest) -> bytes:
        if self._render is None and manifest["apiVersion"] == self._kind.api_version:
            return self._encoder.line(kind, self._kind.api_version, manifest)
        return event_line(kind, self._rendered(manifest))

    def _bookmark(self, annotations: dict[str, str] | None) -> bytes:
        meta: Manifest = {"resourceVersion": str(self._memory.version)}
        if annotations:
            meta["annotations"] = annotations
        manifest = {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": meta}
        if self._kind.custom is None:
            defaults.fill_zero(self._kind.kind, manifest)
        return event_line("BOOKMARK", self._render(manifest) if self._render else manifest)


async def until(lines: Any, stop: asyncio.Event) -> Any:
    """Items of an async iterator until it ends or `stop` is set."""
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while True:
            following = asyncio.ensure_future(anext(lines))
            await asyncio.wait({following, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                return
            try:
                yield following.result()
            except StopAsyncIteration:
                return
    finally:
        stopped.cancel()
