"""The demo's state on disk has a version; state of another version is set aside, never deleted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from portal.private_files import make_private_folder

VERSION = 2
"""Raised when sample contracts change in a way that makes their existing instances invalid."""
VERSION_FILE = "state-version"
DATABASE = "slipway.sqlite3"
STATE_FILES = (f"{DATABASE}*", "cluster.json*", "kubeconfig*")


def set_aside_other_version(folder: Path, now: datetime) -> Path | None:
    """Move the state of another version to a folder below ``folder``, and return that folder.

    None when there was nothing to move. State without a version file has version 1.
    """
    version_file = folder / VERSION_FILE
    files = sorted(path for pattern in STATE_FILES for path in folder.glob(pattern))
    version = version_file.read_text().strip() if version_file.exists() else "1"
    target = None
    if files and version != str(VERSION):
        target = folder / f"state-v{version}-{now:%Y-%m-%d-%H%M%S}"
        make_private_folder(target)
        for path in files:
            path.rename(target / path.name)
    make_private_folder(folder)
    version_file.write_text(f"{VERSION}\n")
    return target


def has_own_state(folder: Path, database: str, kubeconfig: str) -> bool:
    """Whether database and cluster are both the demo's own, so that their state can be set aside together."""
    return not kubeconfig and Path(database) == folder / DATABASE
