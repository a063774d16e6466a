"""What can be judged of a field only when all its markers are known.

Most of it kro leaves to the API server, which would then refuse the whole CustomResourceDefinition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contracts.problems import did_you_mean
from contracts.schema.markers import Marker
from contracts.schema.values import fits_of

OpenAPI = dict[str, Any]
Report = Callable[..., None]
"""``report(message, hint, start, end, code, severity)``; code and severity may be left out."""

_BOUNDS = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))


def check_whole(schema: OpenAPI, markers: Sequence[Marker], report: Report) -> None:
    """Report what contradicts itself in ``schema``, at the last marker that has a part in it."""
    by_name = {marker.name: marker for marker in markers}
    if "x-kubernetes-list-type" in schema or "x-kubernetes-list-map-keys" in schema:
        _check_list(schema, markers, by_name, report)
    _check_bounds(schema, by_name, report)
    if markers and "default" in schema:
        fault = fits_of(schema, schema["default"])
        if fault:
            last = by_name.get("default", markers[-1])
            message = f"The default is not valid for the field: {fault}"
            report(message, "", last.start, last.end, "schema-default")


def _check_list(
    schema: OpenAPI, markers: Sequence[Marker], by_name: dict[str, Marker], report: Report
) -> None:
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    list_type = schema.get("x-kubernetes-list-type")
    items = schema.get("items") or {}
    if keys and list_type != "map" and "listMapKey" in by_name:
        marker = by_name["listMapKey"]
        report("“listMapKey” requires “listType=map”.", "", marker.start, marker.end)
    if list_type == "map" and not keys and "listType" in by_name:
        marker = by_name["listType"]
        report("“listType=map” requires at least one “listMapKey=…”.", "", marker.start, marker.end)
    if list_type == "map":
        for marker in (each for each in markers if each.name == "listMapKey" and each.value in keys):
            _check_key(marker, items, report)
    if list_type == "set" and markers and not _can_be_told_apart(items):
        marker = by_name.get("uniqueItems") or by_name.get("listType") or markers[-1]
        message = "The items of a set must be strings, numbers, booleans or lists of these."
        report(message, "For objects, use listType=map with a listMapKey.", marker.start, marker.end)


def _can_be_told_apart(items: OpenAPI) -> bool:
    if items.get("type") == "array":
        return str(items.get("x-kubernetes-list-type", "atomic")) == "atomic"
    return items.get("type") != "object"


def _check_key(marker: Marker, items: OpenAPI, report: Report) -> None:
    """A key that an item may lack, or that is no plain value, tells no items apart."""
    fields = items.get("properties") or {}
    key = fields.get(marker.value, {})
    if marker.value not in fields:
        message = f"“{marker.value}” cannot be the key of the items: they have no such field."
        report(message, did_you_mean(marker.value, fields), marker.start, marker.end)
    elif key.get("type") in ("object", "array"):
        message = f"“{marker.value}” cannot be the key of the items: it is a list or a map."
        report(message, "", marker.start, marker.end)
    elif marker.value not in items.get("required", ()) and "default" not in key:
        message = f"“{marker.value}” is the key of the items, so it must be required or have a default."
        report(message, "", marker.start, marker.end)


def _check_bounds(schema: OpenAPI, by_name: dict[str, Marker], report: Report) -> None:
    for low, high in _BOUNDS:
        if low not in by_name and high not in by_name:
            continue
        counts = low != "minimum"
        marker = by_name.get(high) or by_name[low]
        if high in schema and counts and schema[high] < 0:
            message = f"“{high}” is negative: no value is valid."
        elif low in schema and high in schema and schema[low] > schema[high]:
            message = f"“{low}” is greater than “{high}”: no value is valid."
        elif low in schema and counts and schema[low] < 0:
            message = f"“{low}” is negative and has no effect."
        else:
            continue
        report(message, "", marker.start, marker.end, "schema-bounds", "warning")
