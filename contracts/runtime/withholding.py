"""Values of Secrets whose way into other objects or into the status is not granted. They are never computed.

A node with such a flow is not rendered: the value may be in a name, in the number of objects, or in an error
of the API server. A status field or a condition with one is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from contracts.compiler import Definition, Path
from contracts.compiler.reach import ReachEntry
from contracts.documents import print_path
from contracts.documents.paths import parse_path

NAMING = frozenset(("metadata", "metadata.name", "metadata.namespace"))
ASK = "Ask a portal admin to grant this reach to the contract."


def withhold(definition: Definition, granted: Collection[str]) -> Definition:
    """The definition without the flows of Secrets that are not among the ``granted`` keys of its reach."""
    flows = tuple(entry for entry in definition.reach.exceeds(granted) if entry.what == "secret-flow")
    return replace(definition, withheld=flows) if flows else definition


def withheld_nodes(definition: Definition) -> frozenset[str]:
    return frozenset(entry.node for entry in definition.withheld if entry.node)


def unnamed_nodes(definition: Definition) -> frozenset[str]:
    """Nodes whose objects have a name that was computed from a Secret, so that it must not be shown."""
    return frozenset(entry.node for entry in definition.withheld if entry.node and entry.target in NAMING)


def withheld_reason(definition: Definition, node_id: str) -> str:
    """Why a node is not rendered, in whole sentences; empty if it is."""
    return _reason(entry for entry in definition.withheld if entry.node == node_id)


def withheld_status(definition: Definition, path: Path) -> str:
    """Why the field or the condition at a path below ``status`` is left out; empty if it is not."""
    if not definition.withheld:
        return ""
    target = print_path(("status", *path))
    return _reason(entry for entry in definition.withheld if not entry.node and entry.target == target)


def _reason(flows: Iterable[ReachEntry]) -> str:
    found = list(dict.fromkeys(entry.description for entry in flows))
    return f"This is out of reach: it {' and '.join(found)}. {ASK}" if found else ""


def withholds_conditions(definition: Definition) -> bool:
    """Whether a condition is left out. Which types it had is not known without computing it."""
    return any(path[0] == "conditions" for path in _status_paths(definition))


def shown_status(definition: Definition, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The author's fields of an earlier status, without those that are left out now.

    Of a list with such an item nothing remains, as when it is rendered.
    """
    found: Any = dict(fields)
    for path in _status_paths(definition):
        found = _without(found, path)
    return dict(found)


def _status_paths(definition: Definition) -> list[Path]:
    """Paths below ``status``."""
    return [parse_path(entry.target)[1:] for entry in definition.withheld if not entry.node]


def _without(value: Any, path: Path) -> Any:
    """A copy without what is at the path; a part of a list takes the whole list with it."""
    name, rest = path[0], path[1:]
    if not isinstance(value, Mapping) or name not in value:
        return value
    if not rest or isinstance(rest[0], int):
        return {key: child for key, child in value.items() if key != name}
    return {**value, name: _without(value[name], rest)}
