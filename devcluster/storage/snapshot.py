"""Saves the objects to a file, so that they survive a restart.

The file is replaced atomically: half a second after a change, and on stop. Versions continue after a restart.
The history is not saved, so a watch from an earlier version is answered with 410.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson

from devcluster.storage.memory import Change, Memory, object_key

FORMAT = 1
DELAY = 0.5


class UnreadableState(Exception):
    """The file does not contain the state of this server; the message says what to do."""


def load(memory: Memory, path: Path) -> None:
    """Fill an empty memory from a file, if it exists. Raises UnreadableState."""
    if not path.exists():
        return
    try:
        content: dict[str, Any] = orjson.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']}, not {FORMAT}")
        memory.version = int(content["version"])
        memory.oldest = memory.version
        for resource, manifests in content["objects"].items():
            table = memory.table(resource)
            table.objects.update({object_key(manifest): manifest for manifest in manifests})
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UnreadableState(
            f"cannot read the state in {path}: {problem}. Move the file away to start with an empty cluster."
        ) from problem


class Snapshots:
    """Saves a memory to a file after changes. Create it in the event loop that writes run in."""

    def __init__(self, memory: Memory, path: Path) -> None:
        self._memory, self._path = memory, path
        self._timer: asyncio.TimerHandle | None = None
        memory.on_write.append(self._changed)

    def _changed(self, resource: str, change: Change) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self.save)

    def save(self) -> None:
        """Write the file now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tables = self._memory.tables
        objects = {
            resource: list(table.objects.values()) for resource, table in tables.items() if table.objects
        }
        content = orjson.dumps({"format": FORMAT, "version": self._memory.version, "objects": objects})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(fresh, self._path)
