"""What must be read from the cluster for an external reference (kro §4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.runtime.expansion import Unrenderable
from contracts.runtime.program import NodeProgram
from contracts.runtime.states import Lookup


def lookup_of(node: NodeProgram, body: Mapping[str, Any], namespace: str, namespaced: bool) -> Lookup:
    """``body`` is the evaluated reference, ``namespace`` the instance's. Raises ``Unrenderable``."""
    metadata = body.get("metadata") or {}
    given = metadata.get("namespace") or ""

    def lookup(in_namespace: str, name: str = "", selector: Mapping[str, Any] | None = None) -> Lookup:
        return Lookup(node.node.api_version, node.node.kind, node.node.plural, in_namespace, name, selector)

    if node.node.type == "external-collection":
        return lookup(str(given) if node.node.namespaced else "", selector=metadata.get("selector") or {})
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        raise Unrenderable("no-name", "The name of the external object is empty.")
    if not node.node.namespaced:
        return lookup("", name)
    if not given and not namespaced:
        message = "metadata.namespace is empty, and a cluster-scoped instance has no namespace."
        raise Unrenderable("no-namespace", message)
    return lookup(str(given or namespace), name)
