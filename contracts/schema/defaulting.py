"""Apply defaults and remove unknown fields, as the API server does on every write."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def apply_defaults(schema: Schema, data: Any) -> Any:
    """A copy of ``data`` with the defaults of the schema, applied from the outside in.

    A null is removed first where null is not allowed, so that the default applies. If ``data`` is None, the
    default of ``schema`` itself is used.
    """
    if data is None and not schema.get("nullable"):
        if "default" not in schema:
            return None
        data = schema["default"]
    if isinstance(data, Mapping):
        return _object_defaults(schema, data)
    items = schema.get("items")
    if isinstance(data, list | tuple) and isinstance(items, Mapping):
        return [apply_defaults(items, item) for item in data]
    return copy.deepcopy(data)


def _object_defaults(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    more = schema.get("additionalProperties")
    result: dict[str, Any] = {}
    for name, value in data.items():
        if name in properties:
            if value is not None or properties[name].get("nullable"):
                result[name] = apply_defaults(properties[name], value)
        elif isinstance(more, Mapping):
            if value is not None or more.get("nullable") or "default" in more:
                result[name] = apply_defaults(more, value)
        else:
            result[name] = copy.deepcopy(value)
    for name, child in properties.items():
        if name not in result and "default" in child:
            result[name] = apply_defaults(child, copy.deepcopy(child["default"]))
    return result


def prune(schema: Schema, data: Any) -> Any:
    """A copy of ``data`` without the fields that are not in the schema."""
    if isinstance(data, Mapping):
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        more = schema.get("additionalProperties")
        preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields")) or more is True
        result = {}
        for name, value in data.items():
            if name in properties:
                result[name] = prune(properties[name], value)
            elif isinstance(more, Mapping):
                result[name] = prune(more, value)
            elif preserve:
                result[name] = copy.deepcopy(value)
        return result
    items = schema.get("items")
    if isinstance(data, list | tuple) and isinstance(items, Mapping):
        return [prune(items, item) for item in data]
    return copy.deepcopy(data)
