"""Columns and cells of built-in kinds, the ones that people look at; all others show name and creation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devcluster.kinds import Kind
from devcluster.memory import Manifest

Cells = Callable[[Manifest], list[Any]]


def printer(kind: Kind) -> tuple[list[Manifest], Cells]:
    from devcluster.tables import column, described, name_column

    created = column("Created At", "date", described("creationTimestamp"))

    def cells(manifest: Manifest) -> list[Any]:
        return [manifest["metadata"]["name"], manifest["metadata"].get("creationTimestamp")]

    return [name_column(), created], cells
