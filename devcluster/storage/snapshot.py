"""Saves all objects and the version counter to a file, and loads them.

The file is replaced atomically: a crash or a power cut leaves the old one or the new one. The history is not
saved, so a watch from a version before the snapshot is answered with 410.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from devcluster.storage.memory import Memory, object_key

FORMAT = 1


class UnreadableState(Exception):
    """The files do not contain the state of this server; the message says what to do."""


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
            f"cannot read the state in {path}: {problem}. "
            "Move the file and its journal away to start with an empty cluster."
        ) from problem


def save(memory: Memory, path: Path) -> int:
    """Replace the file. Returns its size in bytes. Raises OSError, with the old file unchanged."""
    objects = {
        resource: list(table.objects.values()) for resource, table in memory.tables.items() if table.objects
    }
    content = orjson.dumps({"format": FORMAT, "version": memory.version, "objects": objects})
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    sync_directory(path.parent)
    return len(content)


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
