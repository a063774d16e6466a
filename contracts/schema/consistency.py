"""Checks that need all markers of a field.

kro leaves most of them to the API server, which then rejects the whole CustomResourceDefinition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.problems import Severity, did_you_mean
from contracts.schema.markers import Marker
from contracts.schema.values import first_fault

OpenAPI = dict[str, Any]


class Span(Protocol):
    """A range of characters in the marker text."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


@dataclass(frozen=True, slots=True)
class MarkerFault:
    """A problem with one marker."""

    message: str
    at: Span
    hint: str = ""
    code: str = "schema-marker"
    severity: Severity = "error"


Report = Callable[[MarkerFault], None]

_BOUNDS = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))


def check_whole(schema: OpenAPI, markers: Sequence[Marker], report: Report) -> None:
    """Report contradictions in ``schema``, at the last marker that takes part in them."""
    by_name = {marker.name: marker for marker in markers}
    if "x-kubernetes-list-type" in schema or "x-kubernetes-list-map-keys" in schema:
        _check_list(schema, markers, by_name, report)
    _check_bounds(schema, by_name, report)
    if markers and "default" in schema:
        fault = first_fault(schema, schema["default"])
        if fault:
            last = by_name.get("default", markers[-1])
            message = f"The default is not valid for the field: {fault}"
            report(MarkerFault(message, last, code="schema-default"))


def _check_list(
    schema: OpenAPI, markers: Sequence[Marker], by_name: dict[str, Marker], report: Report
) -> None:
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    list_type = schema.get("x-kubernetes-list-type")
    items = schema.get("items") or {}
    if keys and list_type != "map" and "listMapKey" in by_name:
        report(MarkerFault("“listMapKey” requires “listType=map”.", by_name["listMapKey"]))
    if list_type == "map" and not keys and "listType" in by_name:
        report(MarkerFault("“listType=map” requires at least one “listMapKey=…”.", by_name["listType"]))
    if list_type == "map":
        for marker in (each for each in markers if each.name == "listMapKey" and each.value in keys):
            _check_key(marker, items, report)
    if list_type == "set" and markers and not _are_comparable(items):
        marker = by_name.get("uniqueItems") or by_name.get("listType") or markers[-1]
        message = "The items of a set must be strings, numbers, booleans or lists of these."
        report(MarkerFault(message, marker, "For objects, use listType=map with a listMapKey."))


def _are_comparable(items: OpenAPI) -> bool:
    if items.get("type") == "array":
        return str(items.get("x-kubernetes-list-type", "atomic")) == "atomic"
    return items.get("type") != "object"


def _check_key(marker: Marker, items: OpenAPI, report: Report) -> None:
    """A key must be a scalar that every item has."""
    fields = items.get("properties") or {}
    key = fields.get(marker.value, {})
    if marker.value not in fields:
        message = f"“{marker.value}” cannot be the key of the items: they have no such field."
        report(MarkerFault(message, marker, did_you_mean(marker.value, fields)))
    elif key.get("type") in ("object", "array"):
        message = f"“{marker.value}” cannot be the key of the items: it is a list or a map."
        report(MarkerFault(message, marker))
    elif marker.value not in items.get("required", ()) and "default" not in key:
        message = f"“{marker.value}” is the key of the items, so it must be required or have a default."
        report(MarkerFault(message, marker))


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
        report(MarkerFault(message, marker, code="schema-bounds", severity="warning"))
