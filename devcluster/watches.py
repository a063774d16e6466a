"""Watches: history first, then changes as they happen, selected and in the form that the client wants.

Each event is encoded once per form and shared among watchers.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from devcluster import defaults
from devcluster.errors import ApiError, Cause, gone, invalid
from devcluster.kinds import Kind
from devcluster.lists import Selection
from devcluster.memory import Change, Feed, Manifest, Memory
from devcluster.options import truth, unreadable_version

BOOKMARK_EVERY = 60.0
LONGEST = 1800.0
INITIAL_END = {"k8s.io/initial-events-end": "true"}

Render = Callable[[Manifest], Manifest]


@dataclass(frozen=True, slots=True)
class Wish:
    """A watch as asked for. `initial` says that what is there comes first, `version` where to start
    otherwise.
    """

    version: int
    initial: bool
    bookmarks: bool
    mark_end: bool
    seconds: float

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wish:
        """From the query. Raises 422 where options do not go together, 400 for a version that is none."""
        check_options(query, watching=True)
        version = query.get("resourceVersion", "")
        send = query.get("sendInitialEvents", "")
        bookmarks = truth(query.get("allowWatchBookmarks", ""))
        number = number_of(version)
        initial = truth(send) if send else version in ("", "0")
        seconds = float(query.get("timeoutSeconds") or 0) or LONGEST
        return cls(number, initial, bookmarks, initial and bookmarks, seconds)


def number_of(version: str) -> int:
    if version and not version.isdigit():
        raise ApiError(500, "", unreadable_version(version))
    return int(version or 0)


def check_options(query: Mapping[str, str], *, watching: bool) -> None:
    """Refuse combinations of list options that a server refuses."""
    match, send = query.get("resourceVersionMatch", ""), query.get("sendInitialEvents")
    version = query.get("resourceVersion", "")
    found: list[Cause] = []

    def forbid(field: str, why: str) -> None:
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))

    if send is not None and not watching:
        forbid("sendInitialEvents", "sendInitialEvents is forbidden for list")
    elif send is not None and match != "NotOlderThan":
        forbid(
            "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        )
        if match:
            found.append(
                Cause(
                    "FieldValueNotSupported",
                    f'Unsupported value: "{match}": supported values: "NotOlderThan"',
                    "resourceVersionMatch",
                )
            )
    elif watching and match and send is None:
        forbid(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        )
    elif not watching and match:
        found += _list_match_problems(match, version, bool(query.get("continue")))
    if found:
        raise invalid("ListOptions", "meta.k8s.io", "", found)


def _list_match_problems(match: str, version: str, continued: bool) -> list[Cause]:
    field = "resourceVersionMatch"
    found = []
    if not version:
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))
    if continued:
        why = "resourceVersionMatch is forbidden when continue is provided"
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))
    if match not in ("Exact", "NotOlderThan"):
        listed = '"Exact", "NotOlderThan", ""'
        found.append(
            Cause(
                "FieldValueNotSupported", f'Unsupported value: "{match}": supported values: {listed}', field
            )
        )
    if match == "Exact" and version == "0":
        why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))
    return found


class Encoder:
    """JSON of objects, remembered: a stored object is encoded once however many watchers there are."""

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
    """One watch of one kind. `lines` yields encoded events until the time is over."""

    def __init__(
        self,
        memory: Memory,
        kind: Kind,
        selection: Selection,
        wish: Wish,
        render: Render | None,
        encoder: Encoder,
    ) -> None:
        self._memory, self._kind, self._selection, self._wish = memory, kind, selection, wish
        self._render, self._encoder = render, encoder

    async def lines(self) -> AsyncIterator[bytes]:
        with Feed(self._memory, [self._kind.resource]) as feed:
            started = self._memory.version
            for line in self._first():
                yield line
            if self._expired() or self._wish.version > started + 1_000_000:
                return
            async for line in self._later(feed):
                yield line

    def _expired(self) -> bool:
        wish = self._wish
        return (
            not wish.initial
            and bool(wish.version)
            and wish.version < self._memory.table(self._kind.resource).forgotten
        )

    def _first(self) -> list[bytes]:
        wish, table = self._wish, self._memory.table(self._kind.resource)
        if self._expired():
            error = gone(f"too old resource version: {wish.version} ({table.forgotten})")
            return [event_line("ERROR", error.body())]
        if not wish.initial:
            since = wish.version or self._memory.version
            changes = [change for change in table.history if change.version > since]
            return [line for change in changes if (line := self._event(change))]
        found = [
            one
            for one in self._memory.list(self._kind.resource, self._selection.namespace)
            if self._selection.has(one)
        ]
        lines = [self._line("ADDED", manifest) for manifest in found]
        if wish.mark_end:
            lines.append(self._bookmark(INITIAL_END))
        return lines

    async def _later(self, feed: Feed) -> AsyncIterator[bytes]:
        ends = time.monotonic() + self._wish.seconds
        early = ends - 2.0 if self._wish.seconds > 2 else ends + 1
        mark = min(time.monotonic() + BOOKMARK_EVERY, early)
        while (left := ends - time.monotonic()) > 0:
            until = min(left, max(0.01, mark - time.monotonic())) if self._wish.bookmarks else left
            try:
                change = await asyncio.wait_for(anext(feed), until)
            except TimeoutError:
                if self._wish.bookmarks and time.monotonic() >= mark and time.monotonic() < ends:
                    yield self._bookmark(None)
                    mark = time.monotonic() + BOOKMARK_EVERY
                    mark = early if time.monotonic() < early < mark else mark
                continue
            lines = [self._event(change), *map(self._event, feed.waiting())]
            yield b"".join(filter(None, lines))

    def _event(self, change: Change) -> bytes | None:
        """What this watcher sees of a change: entering the selection is ADDED, leaving it DELETED."""
        was = change.before is not None and self._selection.has(change.before)
        is_now = change.type != "DELETED" and self._selection.has(change.object)
        if is_now:
            return self._line("MODIFIED" if was else "ADDED", change.object)
        if not was:
            return None
        last = change.object
        if change.type != "DELETED" and change.before is not None:
            meta = {**change.before["metadata"], "resourceVersion": str(change.version)}
            return event_line("DELETED", self._shown({**change.before, "metadata": meta}))
        return self._line("DELETED", last)

    def _shown(self, manifest: Manifest) -> Manifest:
        if manifest["apiVersion"] != self._kind.api_version:
            from devcluster.admission import converted

            manifest = converted(manifest, self._kind.api_version)
        return self._render(manifest) if self._render else manifest

    def _line(self, kind: str, manifest: Manifest) -> bytes:
        if self._render is None and manifest["apiVersion"] == self._kind.api_version:
            return self._encoder.line(kind, self._kind.api_version, manifest)
        return event_line(kind, self._shown(manifest))

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
