"""Observed objects that a test or a command-line user provides instead of a cluster. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.compiler import Node
from contracts.runtime.assertions import format_value


def shape_error(node: Node, given: Any) -> str:
    """What is wrong with the type of a node's observed objects, in one sentence; empty if nothing is."""
    if not node.is_many:
        return _object_error(node.id, given)
    if not isinstance(given, list):
        return f"“{node.id}” should be a list of objects, but it is {format_value(given)}."
    return next(filter(None, (_object_error(f"{node.id}[{i}]", item) for i, item in enumerate(given))), "")


def _object_error(name: str, given: Any) -> str:
    if not isinstance(given, Mapping):
        return f"“{name}” should be one object, but it is {format_value(given)}."
    metadata = given.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        return f"“{name}” should have a map as metadata, but it is {format_value(metadata)}."
    return ""
