"""Objects that somebody says are in the cluster: in a test, or on the command line (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.compiler import Node
from contracts.runtime.assertions import shown


def shape_fault(node: Node, given: Any) -> str:
    """What is wrong with the shape of a node's pretended objects, in one sentence; empty if nothing is."""
    if not node.is_many:
        return _object_fault(node.id, given)
    if not isinstance(given, list):
        return f"“{node.id}” should be a list of objects, but it is {shown(given)}."
    return next(filter(None, (_object_fault(f"{node.id}[{i}]", item) for i, item in enumerate(given))), "")


def _object_fault(name: str, given: Any) -> str:
    if not isinstance(given, Mapping):
        return f"“{name}” should be one object, but it is {shown(given)}."
    metadata = given.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        return f"“{name}” should have a map as metadata, but it is {shown(metadata)}."
    return ""
