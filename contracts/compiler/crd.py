"""The CustomResourceDefinition of a contract's kind (kro §1.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PRINTER_COLUMNS: tuple[dict[str, Any], ...] = (
    {
        "name": "State",
        "type": "string",
        "description": "The state of the instance",
        "jsonPath": ".status.state",
    },
    {
        "name": "Ready",
        "type": "string",
        "description": "Whether the instance is ready",
        "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
    },
    {
        "name": "Age",
        "type": "date",
        "description": "Time since the instance was created",
        "jsonPath": ".metadata.creationTimestamp",
    },
)


def build_crd(
    *,
    contract: str,
    group: str,
    version: str,
    kind: str,
    plural: str,
    scope: str,
    spec_schema: Mapping[str, Any],
    status_schema: Mapping[str, Any],
    columns: Sequence[Mapping[str, Any]] = (),
    short_names: Sequence[str] = (),
    categories: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole object. ``spec`` is never required: an instance may be created without it (kro quirk 1)."""
    names: dict[str, Any] = {
        "plural": plural,
        "singular": kind.lower(),
        "kind": kind,
        "listKind": f"{kind}List",
    }
    if short_names:
        names["shortNames"] = list(short_names)
    if categories:
        names["categories"] = list(categories)
    given = metadata or {}
    object_metadata: dict[str, Any] = {
        "name": f"{plural}.{group}",
        "labels": {**(given.get("labels") or {}), **_own_labels(contract)},
    }
    annotations = {**(given.get("annotations") or {})}
    if len(contract) > 63:
        annotations["slipway.dev/contract"] = contract
    if annotations:
        object_metadata["annotations"] = annotations
    root = {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": dict(spec_schema),
            "status": dict(status_schema),
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": object_metadata,
        "spec": {
            "group": group,
            "names": names,
            "scope": scope,
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": root},
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [dict(column) for column in columns or PRINTER_COLUMNS],
                }
            ],
        },
    }


def _own_labels(contract: str) -> dict[str, str]:
    """A label value has at most 63 characters; a longer name is an annotation instead (kro quirk 25)."""
    labels = {"app.kubernetes.io/managed-by": "slipway"}
    if len(contract) <= 63:
        labels["slipway.dev/contract"] = contract
    return labels
