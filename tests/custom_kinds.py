"""A CustomResourceDefinition for a test: only what the test is about is written in it."""

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
    version: str = "v1",
    scope: str = "Namespaced",
) -> dict[str, Any]:
    """``name`` is plural.group. With a schema of the status there is a subresource for it."""
    plural, _, group = name.partition(".")
    properties = {"spec": spec} | ({"status": status} if status else {})
    schema = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    served: dict[str, Any] = {"name": version, "served": True, "storage": True, "schema": schema}
    if status:
        served["subresources"] = {"status": {}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": group, "scope": scope, "names": names, "versions": [served]},
    }
