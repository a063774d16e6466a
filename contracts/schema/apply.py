"""Markers applied to a schema: ``required``, ``default``, bounds, list types, rules (kro §2.4)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.paths import Path
from contracts.problems import Severity, did_you_mean
from contracts.schema.markers import NAMES, Marker, MarkerError, split
from contracts.schema.patterns import pattern_fault
from contracts.schema.problem import SchemaProblem
from contracts.schema.values import fits_of

OpenAPI = dict[str, Any]

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_LIST_TYPES = ("atomic", "set", "map")


class _RefusedError(ValueError):
    """A marker cannot be applied."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class Marked:
    required: bool = False
    problems: list[SchemaProblem] = field(default_factory=list)


def apply_markers(schema: OpenAPI, text: str, at: Path, offset: int) -> Marked:
    """Change ``schema`` as the marker text says. ``offset`` is where that text begins in the field's text."""
    marked = Marked()

    def report(
        message: str,
        hint: str,
        start: int,
        end: int,
        code: str = "schema-marker",
        severity: Severity = "error",
    ) -> None:
        marked.problems.append(
            SchemaProblem(at, message, code, hint, offset + start, offset + end, severity=severity)
        )

    if text != text.rstrip() or not text.strip():
        message = "There is white space at the end of the markers; kro would refuse this."
        marked.problems.append(SchemaProblem(at, message, "kro-would-refuse", severity="warning"))
    try:
        markers = split(text)
    except MarkerError as error:
        report(str(error), error.hint, error.start, error.end, "schema-marker-syntax")
        return marked
    for marker in markers:
        try:
            _apply(schema, marker, marked)
        except _RefusedError as refusal:
            report(str(refusal), refusal.hint, marker.start, marker.end)
    _check_list(schema, markers, report)
    return marked


def _apply(schema: OpenAPI, marker: Marker, marked: Marked) -> None:
    name = marker.name
    if name == "required":
        marked.required = _bool(marker) or marked.required
    elif name in _RULES:
        _RULES[name](schema, marker)
    elif name.startswith("|"):
        other = name.lstrip("| ")
        raise _RefusedError(
            f"A second “|” is not a separator before “{other}”.", "Separate markers with blanks only."
        )
    else:
        raise _RefusedError(
            f"There is no marker “{name}”.", did_you_mean(name, NAMES) or f"Markers are {', '.join(NAMES)}."
        )


def _bool(marker: Marker) -> bool:
    if marker.value in _TRUE or marker.value in _FALSE:
        return marker.value in _TRUE
    raise _RefusedError(f"“{marker.name}” must be true or false, not “{marker.value}”.")


def _type(schema: OpenAPI) -> str:
    return str(schema.get("type", ""))


def _only_for(schema: OpenAPI, marker: Marker, *types: str) -> None:
    have = _type(schema)
    if have and have not in types:
        allowed = " and ".join(_WORDS[t] for t in types)
        raise _RefusedError(f"“{marker.name}” is for {allowed}, not for {_WORDS.get(have, have)}.")


_WORDS = {
    "string": "texts",
    "integer": "integers",
    "array": "lists",
    "object": "objects and maps",
    "number": "floats",
    "boolean": "booleans",
}


def _default(schema: OpenAPI, marker: Marker) -> None:
    schema["default"] = _default_value(schema, marker)


def _default_value(schema: OpenAPI, marker: Marker) -> Any:
    kind, text = _type(schema), marker.value
    if kind == "string":
        return text
    if kind == "integer":
        return _integer(marker)
    if kind == "number":
        return _float(marker)
    if kind == "boolean":
        return _bool(marker)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = f"The default of {_WORDS.get(kind, 'this field')} must be JSON, and “{text}” is not."
        raise _RefusedError(message, 'For example default=["a", "b"] or default={"key": 1}.') from None


def _integer(marker: Marker, low: int = -(2**63)) -> int:
    try:
        if not marker.value.isascii() or "_" in marker.value or marker.value != marker.value.strip():
            raise ValueError
        value = int(marker.value)
    except ValueError:
        raise _RefusedError(f"“{marker.name}” must be a whole number, not “{marker.value}”.") from None
    if not low <= value < 2**63:
        raise _RefusedError(f"“{marker.name}” is out of range: {marker.value}.")
    return value


def _float(marker: Marker) -> int | float:
    """A number as Go reads it (also ``0x1p-2``); whole ones stay whole."""
    text = marker.value
    try:
        if "_" in text or text != text.strip():
            raise ValueError
        value = float.fromhex(text) if "0x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        raise _RefusedError(f"“{marker.name}” must be a number, not “{text}”.") from None
    if not math.isfinite(value):
        raise _RefusedError(f"“{marker.name}” must be a finite number, not “{text}”.")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _enum(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "string", "integer")
    items = [item.strip() for item in marker.value.split(",")]
    if "" in items:
        raise _RefusedError("An “enum” value is empty.", 'Write the values with commas: enum="small, large".')
    if _type(schema) == "integer":
        schema["enum"] = [_integer(Marker("enum", item, marker.start, marker.end)) for item in items]
    else:
        schema["enum"] = items


def _pattern(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "string")
    if not marker.value:
        raise _RefusedError("“pattern” is empty.")
    fault = pattern_fault(marker.value)
    if fault:
        raise _RefusedError(
            f"“pattern” is not a regular expression: {fault}.",
            "Look-around and back references do not exist.",
        )
    schema["pattern"] = marker.value


def _bound(schema: OpenAPI, marker: Marker) -> None:
    schema[marker.name] = _float(marker)


def _length(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array" if marker.name.endswith("Items") else "string")
    schema[marker.name] = _integer(marker, low=0)


def _unique(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array")
    if _bool(marker):
        if schema.get("x-kubernetes-list-type", "set") != "set":
            raise _RefusedError(
                f"“uniqueItems” makes a set, but listType says {schema['x-kubernetes-list-type']}."
            )
        schema["x-kubernetes-list-type"] = "set"


def _list_type(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array")
    if marker.value not in _LIST_TYPES:
        hint = did_you_mean(marker.value, _LIST_TYPES)
        raise _RefusedError(f"“listType” is atomic, set or map, not “{marker.value}”.", hint)
    if schema.get("x-kubernetes-list-type") == "set" and marker.value != "set":
        raise _RefusedError(f"“listType={marker.value}” contradicts “uniqueItems=true”, which makes a set.")
    schema["x-kubernetes-list-type"] = marker.value


def _list_map_key(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array")
    keys = schema.setdefault("x-kubernetes-list-map-keys", [])
    if not marker.value:
        raise _RefusedError("“listMapKey” is empty.")
    if marker.value in keys:
        raise _RefusedError(f"“listMapKey={marker.value}” stands twice.")
    keys.append(marker.value)


def _rule(schema: OpenAPI, marker: Marker) -> None:
    if not marker.value.strip():
        raise _RefusedError("“validation” is empty.", 'For example validation="self > 0".')
    rules = schema.setdefault("x-kubernetes-validations", [])
    rules.append({"rule": marker.value, "message": "validation failed"})


def _immutable(schema: OpenAPI, marker: Marker) -> None:
    if _bool(marker):
        rules = schema.setdefault("x-kubernetes-validations", [])
        rules.append({"rule": "self == oldSelf", "message": "field is immutable"})


def _description(schema: OpenAPI, marker: Marker) -> None:
    schema["description"] = marker.value


_RULES: dict[str, Callable[[OpenAPI, Marker], None]] = {
    "default": _default,
    "description": _description,
    "minimum": _bound,
    "maximum": _bound,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _length,
    "maxItems": _length,
    "uniqueItems": _unique,
    "listType": _list_type,
    "listMapKey": _list_map_key,
    "validation": _rule,
    "immutable": _immutable,
}


def _check_key(marker: Marker, items: OpenAPI, report: Callable[..., None]) -> None:
    """The API server takes no key that an item may lack (rules of CustomResourceDefinitions)."""
    fields = items.get("properties") or {}
    if marker.value not in fields:
        message = f"The items have no field “{marker.value}” that could be their key."
        report(message, did_you_mean(marker.value, fields), marker.start, marker.end)
    elif marker.value not in items.get("required", ()) and "default" not in fields[marker.value]:
        message = f"“{marker.value}” is the key of the items, so it must be required or have a default."
        report(message, "", marker.start, marker.end)


def _check_list(schema: OpenAPI, markers: list[Marker], report: Callable[..., None]) -> None:
    """What can only be judged when all markers are known."""
    by_name = {marker.name: marker for marker in markers}
    keys = schema.get("x-kubernetes-list-map-keys")
    list_type = schema.get("x-kubernetes-list-type")
    if keys and list_type != "map" and "listMapKey" in by_name:
        marker = by_name["listMapKey"]
        report("“listMapKey” needs “listType=map”.", "", marker.start, marker.end)
    if list_type == "map" and not keys and "listType" in by_name:
        marker = by_name["listType"]
        report("“listType=map” needs at least one “listMapKey=…”.", "", marker.start, marker.end)
    items = schema.get("items") or {}
    if list_type == "map" and keys and "listMapKey" in by_name:
        for marker in (each for each in markers if each.name == "listMapKey" and each.value in keys):
            _check_key(marker, items, report)
    if list_type == "set" and items.get("type") in ("object", "array"):
        marker = by_name.get("uniqueItems") or by_name.get("listType") or markers[-1]
        message = "Only texts, numbers and booleans can be told apart as a set."
        report(message, "For objects use listType=map with a listMapKey.", marker.start, marker.end)
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if (
            low in schema
            and high in schema
            and schema[low] > schema[high]
            and (low in by_name or high in by_name)
        ):
            marker = by_name.get(high) or by_name[low]
            message = f"“{low}” is larger than “{high}”: nothing fits."
            report(message, "", marker.start, marker.end, "schema-bounds", "warning")
    last = by_name.get("default") or (markers[-1] if markers else None)
    if last and "default" in schema:
        fault = fits_of(schema, schema["default"])
        if fault:
            message = f"The default does not fit the field: {fault}"
            report(message, "", last.start, last.end, "schema-default")
