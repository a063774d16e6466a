"""Writes every change to a file before it is answered, so that a killed process loses nothing.

The state of a server is two files. The snapshot holds all objects at some version. The journal beside it
(`NAME.journal`) holds each later write as one line of JSON: `version`, `type`, `resource`, `namespace`,
`name` and, unless it was deleted, the `object`. At start the journal is replayed over the snapshot.
Compaction saves a new snapshot, then empties the journal. It may be interrupted anywhere, because the replay
skips lines that the snapshot already contains.

What is written survives the end of the process at once, and a power cut after SYNC_EVERY.
"""

from __future__ import annotations

import asyncio
import fcntl
import io
import logging
import os
import time
from contextlib import suppress
from pathlib import Path

import orjson

from devcluster.machinery.errors import ApiError
from devcluster.storage import snapshot
from devcluster.storage.memory import Change, Memory, deletion
from devcluster.storage.snapshot import UnreadableState

log = logging.getLogger(__name__)

COMPACT_AT = 4 * 1024 * 1024  # bytes; a larger snapshot permits a journal of its own size
SYNC_EVERY = 1.0
UNLOCKED_WITHIN = 10.0  # seconds in which another process, which may be stopping, has to release the state


def journal_path(path: Path) -> Path:
    """The journal of a snapshot."""
    return path.with_name(f"{path.name}.journal")


class Journal:
    """The files of a memory. While it is open, no other process can open them."""

    def __init__(self, memory: Memory, path: Path, compact_at: int = COMPACT_AT) -> None:
        self._memory, self._snapshot, self._compact_at = memory, path, compact_at
        self._path = journal_path(path)
        self._file: io.FileIO
        self._loop: asyncio.AbstractEventLoop
        self._size = 0  # bytes of complete lines
        self._limit = compact_at
        self._incomplete = False  # a write failed and may have left a part of its line
        self._sync_timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Fill the empty memory, and write its changes from now on. Raises UnreadableState or OSError."""
        self._loop = asyncio.get_running_loop()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = io.FileIO(self._path, "ab", opener=_open_private)
        try:
            await self._lock()
            self._load()
        except BaseException:
            self._file.close()
            raise
        self._memory.before_write.append(self._append)

    def close(self) -> None:
        """Compact, and accept no more writes."""
        if self._sync_timer is not None:
            self._sync_timer.cancel()
        if not self._file.closed:
            self._compact_or_postpone()
            self._file.close()

    def compact(self) -> None:
        """Save the memory as the new snapshot, then empty the journal. Raises OSError, with nothing lost."""
        size = snapshot.save(self._memory, self._snapshot)
        self._limit = max(self._compact_at, size)
        self._file.truncate(0)
        self._size, self._incomplete = 0, False

    def _load(self) -> None:
        snapshot.sync_directory(self._path.parent)
        snapshot.load(self._memory, self._snapshot)
        self._size = replay(self._memory, self._path)
        self._incomplete = self._size < self._path.stat().st_size
        self._compact_or_postpone()

    async def _lock(self) -> None:
        deadline = time.monotonic() + UNLOCKED_WITHIN
        while not self._try_lock():
            if time.monotonic() > deadline:
                raise UnreadableState(f"another process uses the state in {self._snapshot}. Stop it first.")
            await asyncio.sleep(0.05)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _append(self, resource: str, change: Change) -> None:
        """Write the line of a change. Raises ApiError 500, with the change not stored."""
        if self._size >= self._limit:
            self._compact_or_postpone()
        self._sync_soon()
        try:
            self._write(encode(resource, change))
        except OSError as problem:
            message = f"Internal error occurred: cannot write {self._path}: {problem.strerror}"
            raise ApiError(500, "InternalError", message) from problem

    def _compact_or_postpone(self) -> None:
        """A disk that is full prevents writes, but not the start, reads and the stop."""
        try:
            if self._size:
                self.compact()
        except OSError as problem:
            log.warning("The journal %s could not be compacted: %s", self._path, problem.strerror)
            self._limit = self._size + self._compact_at

    def _write(self, line: bytes) -> None:
        if self._incomplete:
            self._file.truncate(self._size)
        self._incomplete = True
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._incomplete = False
        self._size += len(line)

    def _sync_soon(self) -> None:
        if self._sync_timer is None:
            self._sync_timer = self._loop.call_later(SYNC_EVERY, self._sync)

    def _sync(self) -> None:
        """In a thread, because a disk may take long to answer."""
        self._sync_timer = None
        self._loop.run_in_executor(None, self._sync_file)

    def _sync_file(self) -> None:
        with suppress(ValueError):  # closed in the meantime, after its content was saved in the snapshot
            os.fsync(self._file.fileno())


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def encode(resource: str, change: Change) -> bytes:
    metadata = change.object["metadata"]
    entry = {
        "version": change.version,
        "type": change.type,
        "resource": resource,
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
    }
    if change.type != "DELETED":
        entry["object"] = change.object
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)


def replay(memory: Memory, path: Path) -> int:
    """Repeat the writes that are newer than the memory. Returns the size of the complete lines in bytes.

    A last line without its end was being written when the process ended, so it was never answered.
    Raises UnreadableState.
    """
    *lines, incomplete = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            _repeat(memory, line)
        except (ValueError, KeyError, TypeError) as problem:
            raise UnreadableState(
                f"cannot read the state in {path}: line {number}: {problem}. "
                f"Move the file away to go back to the last snapshot."
            ) from problem
    return path.stat().st_size - len(incomplete)


def _repeat(memory: Memory, line: bytes) -> None:
    entry = orjson.loads(line)
    version, resource = entry["version"], entry["resource"]
    if version <= memory.version:
        return
    if version != memory.version + 1:
        raise ValueError(f"version {version} does not follow {memory.version}")
    before = memory.table(resource).objects.get((entry["namespace"], entry["name"]))
    if entry["type"] != "DELETED":
        memory.record(resource, Change(entry["type"], entry["object"], before, version))
    elif before is not None:
        memory.record(resource, deletion(before, version))
    else:
        raise ValueError(f"{resource} {entry['name']} is deleted, but does not exist")
