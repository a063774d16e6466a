"""A backup of an embedded cluster, to which it can go back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from devcluster.storage.journal import journal_path


def back_up(state: Path) -> None:
    """While the cluster runs. The journal comes first: a snapshot may be newer than it, but not older."""
    for path in files(state):
        backup_of(path).unlink(missing_ok=True)
        if path.exists():
            shutil.copy(path, backup_of(path))


def restore(state: Path) -> None:
    """While it does not run."""
    for path in files(state):
        path.unlink(missing_ok=True)
        if backup_of(path).exists():
            backup_of(path).rename(path)


def files(state: Path) -> Iterable[Path]:
    return journal_path(state), state


def backup_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.backup")
