"""Files that only the user who runs Slipway may read: keys, hashes, values of Secrets."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

OTHERS = 0o077  # every right of the group and of others


def make_private_folder(path: Path) -> None:
    """Create it, with its parents. A folder that exists keeps its mode. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


class PrivateConnection(sqlite3.Connection):
    """Creates the file of the database for its owner only; SQLite gives the same mode to the files beside it.

    The files of an earlier version, which did not care, are taken from the others.
    """

    def __init__(self, database: str, *args: Any, **options: Any) -> None:
        path = Path(database)
        if path.is_absolute():  # neither in memory nor a URI
            with contextlib.suppress(OSError):  # not writable, or of another user: the first query reports it
                create_private(path)
                take_from_others(path)
        super().__init__(database, *args, **options)


def create_private(path: Path) -> None:
    """Create an empty file unless there is one. Raises ``OSError``.

    A database must not be opened and closed beside SQLite: closing any descriptor of a file ends all POSIX
    locks that the process has on it, and another process would write at the same time.
    """
    if path.exists():
        return
    descriptor, made = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        os.close(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
    finally:
        os.unlink(made)


def take_from_others(database: Path) -> None:
    """The file of a database and those beside it. Raises ``OSError``."""
    if database.stat().st_mode & OTHERS:
        for path in (database, *database.parent.glob(f"{database.name}-*")):
            path.chmod(path.stat().st_mode & 0o700)
