"""Builds CustomResourceDefinitions for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
ANY_OBJECT: Schema = {"type": "object"}


def custom_definition(
    name: str,
    kind: str,
    *,
    spec: Schema = ANY_OBJECT,
    status: Schema | None = None,
    scope: str = "Namespaced",
) -> dict[str, Any]:
    """``name``: plural.group, or plural.group/version (default v1). With a status, it has the subresource."""
    name, _, version = name.partition("/")
    plural, _, group = name.partition(".")
    properties = {"spec": spec} | ({"status": status} if status else {})
    schema = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    served: dict[str, Any] = {"name": version or "v1", "served": True, "storage": True, "schema": schema}
    if status:
        served["subresources"] = {"status": {}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": group, "scope": scope, "names": names, "versions": [served]},
    }
