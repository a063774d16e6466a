"""Validation of CustomResourceDefinitions, as far as serving their kinds depends on it."""

from __future__ import annotations

from typing import Any

from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import forbidden, invalid_value, required, unsupported

Manifest = dict[str, Any]

SCOPES = ["Cluster", "Namespaced"]
TYPES = ("array", "boolean", "integer", "number", "object", "string")


def problems(manifest: Manifest) -> list[Cause]:
    """The problems of a definition: names, versions, and schemas that are not structural."""
    spec = manifest["spec"]
    names, group = spec.get("names") or {}, spec.get("group", "")
    found = []
    expected = f"{names.get('plural', '')}.{group}"
    if manifest["metadata"].get("name") != expected:
        why = 'must be spec.names.plural+"."+spec.group'
        found.append(invalid_value("metadata.name", manifest["metadata"].get("name"), why))
    if not group:
        found.append(required("spec.group"))
    for key in ("kind", "listKind", "plural", "singular"):
        if not names.get(key):
            found.append(required(f"spec.names.{key}"))
    if not spec.get("scope"):
        found.append(required("spec.scope"))
    elif spec["scope"] not in SCOPES:
        found.append(unsupported("spec.scope", spec["scope"], SCOPES))
    return found + _version_problems(spec.get("versions") or [])


def _version_problems(versions: list[Manifest]) -> list[Cause]:
    found = []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        why = "must have exactly one version marked as storage version"
        found.append(invalid_value("spec.versions", [version.get("name") for version in versions], why))
    for index, version in enumerate(versions):
        where = f"spec.versions[{index}]"
        if not version.get("name"):
            found.append(required(f"{where}.name"))
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            found.append(required(f"{where}.schema.openAPIV3Schema"))
            continue
        path = f"{where}.schema.openAPIV3Schema"
        if schema.get("type") != "object":
            found.append(invalid_value(f"{path}.type", schema.get("type", ""), "must be object at the root"))
        _schema_problems(schema, path, found)
    return found


def _schema_problems(schema: Any, path: str, found: list[Cause]) -> None:
    if not isinstance(schema, dict):
        return
    if schema.get("type") not in (None, "", *TYPES):
        found.append(unsupported(f"{path}.type", schema["type"], list(TYPES)))
    if "$ref" in schema:
        found.append(forbidden(f"{path}.$ref", "$ref is not supported"))
    if schema.get("type") == "array" and not isinstance(schema.get("items"), dict):
        found.append(required(f"{path}.items", "must be specified"))
    if schema.get("x-kubernetes-list-type") == "map" and not schema.get("x-kubernetes-list-map-keys"):
        why = "must not be empty if x-kubernetes-list-type is map"
        found.append(required(f"{path}.x-kubernetes-list-map-keys", why))
    for name, part in (schema.get("properties") or {}).items():
        _schema_problems(part, f"{path}.properties[{name}]", found)
        free = part.get("x-kubernetes-int-or-string") or part.get("x-kubernetes-preserve-unknown-fields")
        if not part.get("type") and not free:
            found.append(
                required(f"{path}.properties[{name}].type", "must not be empty for specified object fields")
            )
    _schema_problems(schema.get("items"), f"{path}.items", found)
    _schema_problems(schema.get("additionalProperties"), f"{path}.additionalProperties", found)
