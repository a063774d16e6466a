"""The part of JSONPath that printer columns use: fields, indexes, wildcards and equality filters."""

from __future__ import annotations

import re
from typing import Any

SEGMENT = re.compile(
    r"""\.(?P<name>[\w$-]+(?:\\\.[\w-]+)*) | \[['"](?P<quoted>[^'"]+)['"]\] | \[(?P<index>-?\d+|\*)\]
      | \.\* | \[\?\(@\.(?P<key>[\w.]+)\s*==\s*(?P<value>'[^']*'|"[^"]*"|[\w.]+)\)\]""",
    re.X,
)


def find(node: Any, path: str) -> list[Any]:
    """Every value that the path selects; none if the path cannot be parsed."""
    nodes, position = [node], 0
    path = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    if path and path[0] not in ".[":
        path = f".{path}"
    while position < len(path):
        part = SEGMENT.match(path, position)
        if part is None:
            return []
        nodes = [child for parent in nodes for child in _children(parent, part)]
        position = part.end()
    return nodes


def _children(node: Any, part: re.Match[str]) -> list[Any]:
    name = part["name"].replace("\\.", ".") if part["name"] else part["quoted"]
    if name is not None:
        return [node[name]] if isinstance(node, dict) and name in node else []
    if part["key"]:
        wanted = part["value"].strip("'\"")
        items = node if isinstance(node, list) else []
        return [item for item in items if wanted in map(_plain, find(item, part["key"]))]
    if part["index"] not in (None, "*"):
        index = int(part["index"])
        return [node[index]] if isinstance(node, list) and -len(node) <= index < len(node) else []
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
