"""The paths into JSON that recorded cases use: ``a.b['c/d'][0][*][?(@.type=='Ready')].status``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

SEGMENT = re.compile(
    r"""\.?(?P<name>[\w$-]+) | \['(?P<quoted>[^']+)'\] | \[(?P<index>\d+|\*)\]
      | \[\?\(@\.(?P<key>[\w.]+(?:\[\d+\])?)==(?P<value>'[^']*'|\w+)\)\]""",
    re.X,
)


def find(node: Any, path: str) -> list[Any]:
    """All values that the path leads to."""
    nodes, position = [node], 0
    while position < len(path):
        segment = SEGMENT.match(path, position)
        if segment is None:
            raise ValueError(f"cannot read the path {path!r} at {path[position:]!r}")
        nodes = [child for parent in nodes for child in _children(parent, segment)]
        position = segment.end()
    return nodes


def pick(node: Any, paths: Iterable[str]) -> dict[str, Any]:
    """The values at these paths, each under its path; a list where the path has a star."""
    picked: dict[str, Any] = {}
    for path in paths:
        values = find(node, path)
        if "*" in path:
            picked[path] = values
        elif values:
            picked[path] = values[0]
    return picked


def _children(node: Any, segment: re.Match[str]) -> list[Any]:
    name = segment["name"] or segment["quoted"]
    if name is not None:
        return [node[name]] if isinstance(node, dict) and name in node else []
    if not isinstance(node, list):
        return []
    if segment["key"]:
        wanted = segment["value"].strip("'")
        return [item for item in node if wanted in map(str, find(item, segment["key"]))]
    return node if segment["index"] == "*" else node[int(segment["index"]) :][:1]
