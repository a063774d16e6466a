"""Make the cluster serve the kind of a published contract: its CustomResourceDefinition.

A definition of another owner is never overwritten; the contract's row names the owner. The contract's own
definition is restored when something else changes or deletes it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from typing import Any

from contracts.compiler import Definition
from reconciler.kinds.crd_repairs import CrdRepairs, Drift
from reconciler.kube import ApiError, Client, Resource
from reconciler.objects.accessors import Manifest, annotations_of, is_deleting, labels_of, name_of
from reconciler.objects.health import health_of
from reconciler.objects.names import (
    APPLYSET_PARENT_TYPE,
    CONTRACT,
    CONTRACT_MANAGER,
    DIGEST,
    MANAGED_BY,
    label_value,
)
from reconciler.plan.compare import owned_fields

log = logging.getLogger("slipway.reconciler")

CRD_RESOURCE = Resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)

OWNER_CONFLICT = "OwnerConflict"  # reason
KRO_OWNED = "kro.run/owned"
FIELDS_NAMED = 5
TERMINATING = (
    "The definition is being deleted, and the cluster deletes all instances of the kind and their resources "
    "with it. It is created again as soon as it is deleted."
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


def foreign_owner(live: Manifest, contract: str) -> str:
    """The name of another owner of a definition; empty when it is of the contract with this name.

    A definition that was applied for a contract remains the contract's when its labels are edited.
    """
    labels = labels_of(live)
    if labels.get(MANAGED_BY) != "slipway" and not (
        owned_fields(live, CONTRACT_MANAGER) and labels.get(KRO_OWNED) != "true"
    ):
        return tool_of(live) or "an unknown owner, because it has no label"
    other = annotations_of(live).get(CONTRACT) or labels.get(CONTRACT) or contract
    return "" if other == contract else f"the contract “{other}”"


def owner_conflict(live: Manifest, contract: str) -> str:
    """Why the contract must not use a definition: it has another owner. Empty when it is the contract's."""
    owner = foreign_owner(live, contract)
    if not owner:
        return ""
    return (
        f"The cluster already has {name_of(live)}, and it belongs to {owner}. "
        "It was not changed. Choose another kind or group, or have that definition removed."
    )


def serves(live: Manifest, version: str) -> bool:
    """Whether the definition is established and serves this version."""
    versions = live["spec"].get("versions") or ()
    has_version = any(one.get("name") == version and one.get("served") for one in versions)
    return has_version and health_of(live).state == "ready"


def tool_of(live: Manifest) -> str:
    """The tool that installed a definition, according to its labels; empty when they do not say."""
    labels = labels_of(live)
    if labels.get(KRO_OWNED) == "true":
        name = labels.get("kro.run/resource-graph-definition-name", "unknown")
        return f"kro (ResourceGraphDefinition {name})"
    tool = labels.get(MANAGED_BY) or labels.get("app.kubernetes.io/part-of")
    return f"“{tool}”" if tool else ""


async def ensure_crd(
    client: Client, definition: Definition, live: Manifest | None, repairs: CrdRepairs
) -> CrdStatus:
    """Create, update or repair the definition, unless it has another owner. Raises ``KubeError``."""
    if live is None:
        return await apply_crd(client, definition, repairs)
    conflict = owner_conflict(live, definition.name)
    if conflict:
        return CrdStatus("False", OWNER_CONFLICT, conflict)
    if is_deleting(live):
        return CrdStatus("False", "Terminating", TERMINATING)
    drift = repairs.drift(crd_of(definition), live)
    if drift is None:
        return status_of(live, definition)
    if drift.wait:
        fields = ", ".join(drift.fields[:FIELDS_NAMED])
        message = (
            f"{drift.by or 'Another client'} keeps changing the definition in the cluster ({fields}). "
            "It is restored, but less and less often."
        )
        return replace(status_of(live, definition), message=message)
    return await apply_crd(client, definition, repairs, live, drift)


async def apply_crd(
    client: Client,
    definition: Definition,
    repairs: CrdRepairs,
    live: Manifest | None = None,
    drift: Drift | None = None,
) -> CrdStatus:
    """``drift``: what it repairs in the definition that exists. Raises ``KubeError``."""
    desired = crd_of(definition)
    try:
        applied = await client.apply(CRD_RESOURCE, desired, manager=CONTRACT_MANAGER)
    except ApiError as error:
        if not error.is_refusal:
            raise
        # The earlier definition, if any, is still served, and its instances with it.
        served = live is not None and health_of(live).state == "ready"
        return CrdStatus("False", "Refused", f"The cluster refused the kind: {error.message}", served)
    client.kinds.forget()
    repairs.record(desired, applied, drift)
    if drift is not None and drift.by:
        fields = ", ".join(drift.fields[:FIELDS_NAMED])
        log.warning("%s was changed by %s (%s); it was restored.", definition.crd_name, drift.by, fields)
    return status_of(applied, definition)


def status_of(live: Manifest, definition: Definition) -> CrdStatus:
    health = health_of(live)
    if health.state == "ready":
        return CrdStatus("True", "Ready", f"The kind {definition.kind} is served.", True)
    if health.state == "failed":
        return CrdStatus("False", "NamesNotAccepted", health.message)
    return CrdStatus("False", "Establishing", "The cluster is establishing the kind.")
