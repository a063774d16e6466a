"""Make the cluster serve the kind of a published contract: its CustomResourceDefinition.

A definition of another owner is never overwritten; the contract's row names the owner.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.compiler import Definition
from reconciler.kube import ApiError, Client, Resource
from reconciler.objects.accessors import Manifest, annotations_of, labels_of
from reconciler.objects.health import health_of
from reconciler.objects.names import (
    APPLYSET_PARENT_TYPE,
    CONTRACT,
    CONTRACT_MANAGER,
    DIGEST,
    MANAGED_BY,
    label_value,
)

CRD_RESOURCE = Resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)


@dataclass(frozen=True, slots=True)
class CrdStatus:
    """``status`` as in a condition; ``served`` once instances can be watched."""

    status: str
    reason: str
    message: str
    served: bool = False


def crd_of(definition: Definition) -> dict[str, Any]:
    """The generated definition with the labels that mark it as Slipway's."""
    crd = dict(definition.crd)
    metadata = dict(crd["metadata"])
    text = json.dumps(crd, sort_keys=True)
    metadata["labels"] = {
        **(metadata.get("labels") or {}),
        MANAGED_BY: "slipway",
        CONTRACT: label_value(definition.name),
        APPLYSET_PARENT_TYPE: "true",
    }
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        CONTRACT: definition.name,
        DIGEST: hashlib.sha256(text.encode()).hexdigest(),
    }
    return {**crd, "metadata": metadata}


def foreign_owner(live: Manifest, definition: Definition) -> str:
    """The name of another owner of a definition; empty when it is this contract's."""
    labels = labels_of(live)
    if labels.get(MANAGED_BY) != "slipway":
        if labels.get("kro.run/owned") == "true":
            name = labels.get("kro.run/resource-graph-definition-name", "unknown")
            return f"kro (ResourceGraphDefinition {name})"
        tool = labels.get(MANAGED_BY) or labels.get("app.kubernetes.io/part-of")
        return f"“{tool}”" if tool else "an unknown owner, because it has no label"
    other = annotations_of(live).get(CONTRACT) or labels.get(CONTRACT, "")
    return "" if other == definition.name else f"the contract “{other}”"


async def ensure_crd(client: Client, definition: Definition, live: Manifest | None) -> CrdStatus:
    """Create or update the definition, unless it has another owner. Raises ``KubeError``."""
    desired = crd_of(definition)
    if live is not None:
        owner = foreign_owner(live, definition)
        if owner:
            message = (
                f"The cluster already has {definition.crd_name}, and it belongs to {owner}. "
                "It was not changed. Choose another kind or group, or have that definition removed."
            )
            return CrdStatus("False", "OwnerConflict", message)
    if live is None or annotations_of(live).get(DIGEST) != desired["metadata"]["annotations"][DIGEST]:
        try:
            live = await apply_crd(client, desired)
        except ApiError as error:
            if not error.is_refusal:
                raise
            # The earlier definition, if any, is still served, and its instances with it.
            served = live is not None and health_of(live).state == "ready"
            return CrdStatus("False", "Refused", f"The cluster refused the kind: {error.message}", served)
    health = health_of(live)
    if health.state == "ready":
        return CrdStatus("True", "Ready", f"The kind {definition.kind} is served.", True)
    if health.state == "failed":
        return CrdStatus("False", "NamesNotAccepted", health.message)
    return CrdStatus("False", "Establishing", "The cluster is establishing the kind.")


async def apply_crd(client: Client, desired: Mapping[str, Any]) -> dict[str, Any]:
    applied = await client.apply(CRD_RESOURCE, desired, manager=CONTRACT_MANAGER)
    client.kinds.forget()
    return applied
