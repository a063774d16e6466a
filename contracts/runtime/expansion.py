"""A node's manifests: one, or one per combination of its iterators (kro §4.4); namespaces and identities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from contracts import cel
from contracts.cel.values.cel_values import type_name
from contracts.compiler import Definition, Node
from contracts.documents.api_versions import group_of
from contracts.runtime.evaluation import Bindings
from contracts.runtime.program import NodeProgram

MAX_ITEMS = 1000

Identity = tuple[str, str, str, str]
"""Group, kind, namespace, name."""


class Unrenderable(Exception):
    """The node can never be rendered from these inputs. ``code`` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def manifests(
    definition: Definition, program: NodeProgram, bindings: Bindings, namespace: str
) -> list[dict[str, Any]]:
    """Raises ``Unresolved`` and :class:`Impossible`. ``namespace`` is the instance's."""
    if not program.iterators:
        return [_finished(definition, program.node, program.build(bindings), namespace)]
    expanded = [
        _finished(definition, program.node, program.build({**bindings, **item}), namespace)
        for item in items(program, bindings)
    ]
    check_unique(program.node, expanded)
    return expanded


def items(program: NodeProgram, bindings: Bindings) -> Iterator[dict[str, object]]:
    """The iterators' values, first dimension slowest. Raises ``Unresolved`` and :class:`Impossible`.

    An empty list means no objects: the lists after it are not evaluated (kro §4.4).
    """
    names = [name for name, _ in program.iterators]
    lists: list[Sequence[object]] = []
    for name, value in program.iterators:
        found = value(bindings)
        if isinstance(found, cel.OptionalValue):
            found = found.value if found.has_value else None
        if not isinstance(found, list):
            what = "null" if found is None else type_name(found)
            raise Unrenderable("foreach-not-a-list", f"forEach “{name}” returns {what}, not a list.")
        if not found:
            return
        lists.append(found)
    size = prod(map(len, lists))
    if size > MAX_ITEMS:
        message = f"forEach creates {size} objects; the maximum is {MAX_ITEMS}."
        raise Unrenderable("foreach-too-many", message)
    for combination in product(*lists):
        yield dict(zip(names, combination, strict=True))


def _finished(definition: Definition, node: Node, manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    """The manifest with a valid name, in the instance's namespace unless it sets another one (kro §4.3)."""
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        raise Unrenderable("no-name", "metadata.name is empty.")
    if not isinstance(metadata["name"], str):
        raise Unrenderable("no-name", "metadata.name is not a string.")
    if not node.namespaced:
        return manifest
    if not metadata.get("namespace"):
        if not definition.namespaced:
            message = "metadata.namespace is empty, and a cluster-scoped instance has no namespace."
            raise Unrenderable("no-namespace", message)
        metadata["namespace"] = namespace
    return manifest


def identity(manifest: Mapping[str, Any]) -> Identity:
    metadata = manifest.get("metadata") or {}
    return (
        group_of(str(manifest.get("apiVersion", ""))),
        str(manifest.get("kind", "")),
        str(metadata.get("namespace") or ""),
        str(metadata.get("name")),
    )


def describe_identity(object_id: Identity) -> str:
    _, kind, namespace, name = object_id
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def check_unique(node: Node, expanded: Sequence[Mapping[str, Any]]) -> None:
    seen: set[Identity] = set()
    for manifest in expanded:
        object_id = identity(manifest)
        if object_id in seen:
            raise Unrenderable(
                "identity-collision",
                f"Two items of “{node.id}” are the same object: {describe_identity(object_id)}.",
            )
        seen.add(object_id)


def in_desired_order(
    desired: Sequence[Mapping[str, Any]], observed: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The observed objects that are desired, in the order of ``desired``."""
    by_identity = {identity(item): item for item in observed}
    return [by_identity[object_id] for object_id in map(identity, desired) if object_id in by_identity]
