"""The CustomResourceDefinition of a contract's kind (kro §1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.compiler.definition import Scope
from contracts.compiler.kinds.plurals import plural_of

LONGEST_LABEL_VALUE = 63

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


@dataclass(frozen=True, slots=True)
class CrdHead:
    """Everything in ``spec.schema`` except the schemas; ``contract`` is the name of the definition."""

    contract: str
    group: str
    version: str
    kind: str
    scope: Scope
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plural(self) -> str:
        return plural_of(self.kind)

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"

    @property
    def printer_columns(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(dict(column) for column in self.columns or PRINTER_COLUMNS)


def build_crd(
    head: CrdHead, spec_schema: Mapping[str, Any], status_schema: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole object. ``spec`` is never required: an instance may be created without it (kro quirk 1)."""
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
    version = {
        "name": head.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": root},
        "subresources": {"status": {}},
        "additionalPrinterColumns": list(head.printer_columns),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": _metadata(head),
        "spec": {"group": head.group, "names": _names(head), "scope": head.scope, "versions": [version]},
    }


def _names(head: CrdHead) -> dict[str, Any]:
    names: dict[str, Any] = {
        "plural": head.plural,
        "singular": head.singular,
        "kind": head.kind,
        "listKind": head.list_kind,
    }
    if head.short_names:
        names["shortNames"] = list(head.short_names)
    if head.categories:
        names["categories"] = list(head.categories)
    return names


def _metadata(head: CrdHead) -> dict[str, Any]:
    """The contract's name is a label, or an annotation when it is too long for one (kro quirk 25)."""
    labels = {**(head.metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "slipway"}
    annotations = dict(head.metadata.get("annotations") or {})
    if len(head.contract) <= LONGEST_LABEL_VALUE:
        labels["slipway.dev/contract"] = head.contract
    else:
        annotations["slipway.dev/contract"] = head.contract
    metadata: dict[str, Any] = {"name": f"{head.plural}.{head.group}", "labels": labels}
    return {**metadata, "annotations": annotations} if annotations else metadata
