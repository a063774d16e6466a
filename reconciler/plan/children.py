"""Rendered manifests → what is sent to the cluster: namespace, labels of ownership, place in the order."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering
from reconciler.objects.accessors import Manifest, Reference, name_of, namespace_of, reference_to, uid_of
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
    """One object that a node wants, as it is to be applied."""

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

    ``scopes``: (apiVersion, kind) → is it namespaced, as the cluster says; else as the definition does.
    """
    order = apply_order(definition)
    return [
        child
        for node_id, state in rendering.nodes.items()
        if state.state == "desired" and not definition.node(node_id).is_external
        for child in _of_node(instance, definition, node_id, state.manifests, order[node_id], scopes or {})
    ]


def _of_node(
    instance: Manifest,
    definition: Definition,
    node_id: str,
    manifests: tuple[Manifest, ...],
    order: int,
    scopes: Mapping[tuple[str, str], bool],
) -> Iterator[Child]:
    node = definition.node(node_id)
    for index, manifest in enumerate(manifests):
        labels = {
            MANAGED_BY: "slipway",
            INSTANCE_ID: uid_of(instance),
            NODE: label_value(node_id),
            APPLYSET_PART_OF: set_id(instance),
        }
        if node.is_many:
            labels |= {COLLECTION_INDEX: str(index), COLLECTION_SIZE: str(len(manifests))}
        home = namespace_of(instance)
        annotations = {
            APPLY_ORDER: str(order),
            INSTANCE: f"{instance['kind']} {home}/{name_of(instance)}".replace(" /", " "),
        }
        namespaced = scopes.get((str(manifest["apiVersion"]), str(manifest["kind"])), node.namespaced)
        body = owned_body(manifest, labels, annotations, namespace_of(instance) if namespaced else None)
        yield Child(node_id, index, reference_to(body), body)


def owned_body(
    manifest: Manifest, labels: Mapping[str, str], annotations: Mapping[str, str], home: str | None
) -> dict[str, Any]:
    """The manifest with our labels.

    ``home``: the namespace to fall back to, None for cluster-scoped kinds.
    """
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
    """A Secret's ``stringData`` as ``data``: the server stores that, so only that can be compared later."""
    if body.get("kind") != "Secret" or body.get("apiVersion") != "v1" or not body.get("stringData"):
        return body
    texts = body["stringData"]
    encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    rest = {key: value for key, value in body.items() if key != "stringData"}
    return {**rest, "data": {**(body.get("data") or {}), **encoded}}


def apply_order(definition: Definition) -> dict[str, int]:
    """Node → its wave, counted from 1: nodes that nobody needs have the highest (kro §4.8).

    Layers are built from the dependents' end, so deletion takes the highest wave first.
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
