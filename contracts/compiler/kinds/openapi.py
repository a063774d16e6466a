"""OpenAPI schemas of several dialects → one dialect for the checks.

Input: ``type: [string, null]`` of kubernetes-validate, ``allOf: [{$ref}]`` of a cluster's OpenAPI v3, the
structural schemas of CRDs. Output: plain ``type``, ``$ref`` alone, marked int-or-string and free objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

_KEPT_KEYS = (
    "format",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "default",
    "required",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-int-or-string",
    "description",
)


def normalised(raw: Any) -> Schema:
    """One schema and everything below it; references are not resolved."""
    if not isinstance(raw, Mapping) or not raw:
        return {}
    only = raw.get("allOf")
    if isinstance(only, list) and len(only) == 1 and "properties" not in raw:
        return normalised({**only[0], **{key: value for key, value in raw.items() if key != "allOf"}})
    if "$ref" in raw:
        return {"$ref": raw["$ref"]}
    schema: dict[str, Any] = {key: raw[key] for key in _KEPT_KEYS if key in raw}
    types = [kind for kind in _as_list(raw.get("type")) if kind != "null"]
    if len(types) == 1:
        schema["type"] = types[0]
    branches = [branch for key in ("oneOf", "anyOf") for branch in raw.get(key) or ()]
    if branches and not types:
        if _branch_types(branches) == {"string", "integer"}:
            schema["x-kubernetes-int-or-string"] = True
        else:
            schema["anyOf"] = [normalised(branch) for branch in branches]
    if raw.get("format") == "int-or-string":
        schema.pop("type", None)
        schema["x-kubernetes-int-or-string"] = True
    _add_children(schema, raw)
    if schema.get("type") == "object" and not any(
        k in schema for k in ("properties", "additionalProperties")
    ):
        schema["x-kubernetes-preserve-unknown-fields"] = True
    return schema


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _branch_types(branches: list[Any]) -> set[str]:
    return {str(kind) for branch in branches for kind in _as_list(branch.get("type")) if kind != "null"}


def _add_children(schema: dict[str, Any], raw: Mapping[str, Any]) -> None:
    if isinstance(raw.get("properties"), Mapping):
        schema["properties"] = {name: normalised(child) for name, child in raw["properties"].items()}
    if isinstance(raw.get("items"), Mapping):
        schema["items"] = normalised(raw["items"])
    more = raw.get("additionalProperties")
    if isinstance(more, Mapping):
        schema["additionalProperties"] = normalised(more)
    elif more is True:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    if raw.get("x-kubernetes-embedded-resource"):
        schema["x-kubernetes-preserve-unknown-fields"] = True


def embedded(schema: Schema, kind: str, metadata: Schema) -> Schema:
    """A CRD's schema with what the API server adds: ``apiVersion``, ``kind`` and a full ``metadata``."""
    properties = {
        **(schema.get("properties") or {}),
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": metadata,
    }
    return {**schema, "type": "object", "properties": properties, "title": kind}


def resolved(schema: Schema, resolve_ref: Callable[[str], Schema]) -> Schema:
    """``schema`` itself, or the target of its reference."""
    for _ in range(20):
        if "$ref" not in schema:
            return schema
        schema = resolve_ref(str(schema["$ref"]))
    return {}
