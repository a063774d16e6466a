"""Rendered manifests → what is applied: with namespace, ownership labels and apply order."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering
from reconciler.objects.accessors import Manifest, Reference, namespace_of, reference_to, uid_of
from reconciler.objects.names import (
    APPLY_ORDER,
    APPLYSET_PART_OF,
    COLLECTION_INDEX,
    COLLECTION_SIZE,
    INSTANCE,
    INSTANCE_ID,
    MANAGED_BY,
    NODE,
    label_value,
)
from reconciler.plan.inventory import set_id


@dataclass(frozen=True, slots=True)
class Child:
    """One desired object of a node, as it is applied."""

    node: str
    index: int
    reference: Reference
    body: Mapping[str, Any]


def children(
    instance: Manifest,
    definition: Definition,
    rendering: Rendering,
    scopes: Mapping[tuple[str, str], bool] | None = None,
) -> list[Child]:
    """Every object of the nodes that can be rendered now, in topological order.

    ``scopes``: (apiVersion, kind) → whether the cluster serves it as namespaced; the definition's scope
    otherwise.
    """
    order = apply_order(definition)
    found: list[Child] = []
    for node_id, state in rendering.nodes.items():
        node = definition.node(node_id)
        if state.state != "desired" or node.is_external:
            continue
        for index, manifest in enumerate(state.manifests):
            labels = ownership_labels(instance, node_id)
            if node.is_many:
                labels |= {COLLECTION_INDEX: str(index), COLLECTION_SIZE: str(len(state.manifests))}
            annotations = {APPLY_ORDER: str(order[node_id]), INSTANCE: reference_to(instance).display_name}
            kind = (str(manifest["apiVersion"]), str(manifest["kind"]))
            namespaced = (scopes or {}).get(kind, node.namespaced)
            body = owned_body(manifest, labels, annotations, namespace_of(instance) if namespaced else None)
            found.append(Child(node_id, index, reference_to(body), body))
    return found


def ownership_labels(instance: Manifest, node_id: str) -> dict[str, str]:
    return {
        MANAGED_BY: "slipway",
        INSTANCE_ID: uid_of(instance),
        NODE: label_value(node_id),
        APPLYSET_PART_OF: set_id(instance),
    }


def owned_body(
    manifest: Manifest, labels: Mapping[str, str], annotations: Mapping[str, str], home: str | None
) -> dict[str, Any]:
    """The manifest with ownership metadata. ``home``: default namespace; None for cluster-scoped kinds."""
    given = dict(manifest.get("metadata") or {})
    metadata = {
        **given,
        "labels": {**(given.get("labels") or {}), **labels},
        "annotations": {**(given.get("annotations") or {}), **annotations},
    }
    metadata.pop("namespace", None)
    namespace = namespace_of(manifest) or home
    if home is not None and namespace:
        metadata["namespace"] = namespace
    body = {key: value for key, value in manifest.items() if key not in ("metadata", "status")}
    return with_encoded_data({**body, "metadata": metadata})


def with_encoded_data(body: dict[str, Any]) -> dict[str, Any]:
    """A Secret's ``stringData`` as ``data``, which is what the server stores and what can be compared."""
    if body.get("kind") != "Secret" or body.get("apiVersion") != "v1" or not body.get("stringData"):
        return body
    encoded = {
        key: base64.b64encode(str(value).encode()).decode() for key, value in body["stringData"].items()
    }
    rest = {key: value for key, value in body.items() if key != "stringData"}
    return {**rest, "data": {**(body.get("data") or {}), **encoded}}


def apply_order(definition: Definition) -> dict[str, int]:
    """Node → its wave, counted from 1: nodes without dependents have the highest (kro §4.8).

    Layers are built from the dependents' end, so deletion starts with the highest wave.
    """
    dependents: dict[str, set[str]] = {node.id: set() for node in definition.nodes}
    for node in definition.nodes:
        for need in node.needs:
            dependents[need].add(node.id)
    depth: dict[str, int] = {}
    for node_id in reversed(definition.order):
        depth[node_id] = 1 + max((depth[other] for other in dependents[node_id]), default=-1)
    layers = 1 + max(depth.values(), default=0)
    return {node_id: layers - layer for node_id, layer in depth.items()}
