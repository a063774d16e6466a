"""Apply markers to a schema: ``required``, ``default``, bounds, list types, rules (kro §2.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.documents.paths import Path
from contracts.problems import did_you_mean
from contracts.schema import go_literals
from contracts.schema.consistency import MarkerFault, check_whole
from contracts.schema.markers import NAMES, Marker, MarkerError, split
from contracts.schema.patterns import pattern_fault
from contracts.schema.problem import SchemaProblem

OpenAPI = dict[str, Any]

_LIST_TYPES = ("atomic", "set", "map")


class _Rejected(ValueError):
    """A marker cannot be applied."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class MarkerResult:
    required: bool = False
    problems: list[SchemaProblem] = field(default_factory=list)


def apply_markers(schema: OpenAPI, text: str, at: Path, offset: int) -> MarkerResult:
    """Apply the markers in ``text`` to ``schema``. ``offset`` is the position of ``text`` in the field."""
    result = MarkerResult()

    def report(fault: MarkerFault) -> None:
        start, end = offset + fault.at.start, offset + fault.at.end
        result.problems.append(
            SchemaProblem(at, fault.message, fault.code, fault.hint, start, end, severity=fault.severity)
        )

    if text != text.rstrip() or not text.strip():
        message = "The markers end with whitespace; kro would refuse this."
        result.problems.append(SchemaProblem(at, message, "kro-would-refuse", severity="warning"))
    try:
        markers = split(text)
    except MarkerError as error:
        report(MarkerFault(str(error), error, error.hint, "schema-marker-syntax"))
        return result
    for marker in markers:
        try:
            warning = _apply(schema, marker, result)
        except _Rejected as rejection:
            report(MarkerFault(str(rejection), marker, rejection.hint))
            continue
        if warning:
            report(MarkerFault(warning, marker, code="kro-would-refuse", severity="warning"))
    check_whole(schema, markers, report)
    return result


def _apply(schema: OpenAPI, marker: Marker, result: MarkerResult) -> str | None:
    """Returns a warning if the marker is accepted here but not by kro."""
    name = marker.name
    if name == "required":
        result.required = _bool(marker) or result.required
        return None
    if name in _RULES:
        return _RULES[name](schema, marker)
    if name.startswith("|"):
        other = name.lstrip("| ")
        raise _Rejected(
            f"Markers must not be separated by “|” (before “{other}”).", "Separate markers with spaces only."
        )
    raise _Rejected(
        f"Unknown marker “{name}”.", did_you_mean(name, NAMES) or f"Supported markers: {', '.join(NAMES)}."
    )


def _bool(marker: Marker) -> bool:
    try:
        return go_literals.boolean(marker.value)
    except ValueError:
        message = f"“{marker.name}” must be true or false, not “{marker.value}”."
        raise _Rejected(message) from None


def _type(schema: OpenAPI) -> str:
    return str(schema.get("type", ""))


def _only_for(schema: OpenAPI, marker: Marker, *types: str) -> None:
    actual = _type(schema)
    if actual and actual not in types:
        allowed = " and ".join(_PLURALS[t] for t in types)
        raise _Rejected(f"“{marker.name}” applies to {allowed}, not to {_PLURALS.get(actual, actual)}.")


_PLURALS = {
    "string": "strings",
    "integer": "integers",
    "array": "lists",
    "object": "objects and maps",
    "number": "floats",
    "boolean": "booleans",
}


def _default(schema: OpenAPI, marker: Marker) -> str | None:
    """kro reads the marker's value as JSON, after quoting it if the field is a string.

    If the result is not valid JSON, which kro refuses, the value is taken literally (quirk 4).
    """
    kind, text = _type(schema), marker.value
    in_kro = f'"{text}"' if kind == "string" else text
    try:
        value, is_json = go_literals.json_value(in_kro), True
    except ValueError:
        value, is_json = text, False
    if kind in _SCALARS:
        value = _SCALARS[kind](marker)
    elif kind != "string" and not is_json:
        message = f"The default of {_PLURALS.get(kind, 'this field')} must be JSON, but “{text}” is not."
        raise _Rejected(message, 'For example default=["a", "b"] or default={"key": 1}.')
    schema["default"] = value
    return None if is_json else "kro would refuse this default, because it copies it into JSON verbatim."


def _integer(marker: Marker) -> int:
    try:
        value = go_literals.integer(marker.value)
    except ValueError:
        raise _Rejected(f"“{marker.name}” must be an integer, not “{marker.value}”.") from None
    if not -(2**63) <= value < 2**63:
        raise _Rejected(f"“{marker.name}” is out of range: {marker.value}.")
    return value


def _number(marker: Marker) -> int | float:
    try:
        return go_literals.number(marker.value)
    except ValueError:
        raise _Rejected(f"“{marker.name}” must be a number, not “{marker.value}”.") from None


_SCALARS: dict[str, Callable[[Marker], Any]] = {"integer": _integer, "number": _number, "boolean": _bool}


def _enum(schema: OpenAPI, marker: Marker) -> str | None:
    _only_for(schema, marker, "string", "integer")
    items = [item.strip() for item in marker.value.split(",")]
    if "" in items:
        raise _Rejected("An “enum” value is empty.", 'Separate the values with commas: enum="small, large".')
    if _type(schema) != "integer":
        schema["enum"] = items
        return None
    schema["enum"] = [_integer(Marker("enum", item, marker.start, marker.end)) for item in items]
    for item, value in zip(items, schema["enum"], strict=True):
        if item not in (str(value), "-0"):
            return f"“{item}” is not a JSON number; kro would refuse this."
    return None


def _pattern(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "string")
    if not marker.value:
        raise _Rejected("“pattern” is empty.")
    fault = pattern_fault(marker.value)
    if fault:
        raise _Rejected(
            f"“pattern” is not a valid regular expression: {fault}.",
            "Look-around and backreferences are not supported.",
        )
    schema["pattern"] = marker.value


def _bound(schema: OpenAPI, marker: Marker) -> None:
    schema[marker.name] = _number(marker)


def _length(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array" if marker.name.endswith("Items") else "string")
    schema[marker.name] = _integer(marker)


def _unique(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array")
    if _bool(marker):
        _set_list_type(schema, "set", "“uniqueItems=true” (list type “set”)")


def _list_type(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array")
    if marker.value not in _LIST_TYPES:
        hint = did_you_mean(marker.value, _LIST_TYPES)
        raise _Rejected(f"“listType” is atomic, set or map, not “{marker.value}”.", hint)
    _set_list_type(schema, marker.value, f"“listType={marker.value}”")


def _set_list_type(schema: OpenAPI, wanted: str, by: str) -> None:
    before = schema.setdefault("x-kubernetes-list-type", wanted)
    if before != wanted:
        raise _Rejected(f"{by} conflicts with the list type “{before}”, which is already set.")


def _list_map_key(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array")
    keys = schema.setdefault("x-kubernetes-list-map-keys", [])
    if not marker.value:
        raise _Rejected("“listMapKey” is empty.")
    if marker.value in keys:
        raise _Rejected(f"Duplicate “listMapKey={marker.value}”.")
    keys.append(marker.value)


def _rule(schema: OpenAPI, marker: Marker) -> None:
    if not marker.value.strip():
        raise _Rejected("“validation” is empty.", 'For example validation="self > 0".')
    rules = schema.setdefault("x-kubernetes-validations", [])
    rules.append({"rule": marker.value, "message": "validation failed"})


def _immutable(schema: OpenAPI, marker: Marker) -> None:
    if _bool(marker):
        rules = schema.setdefault("x-kubernetes-validations", [])
        rules.append({"rule": "self == oldSelf", "message": "field is immutable"})


def _description(schema: OpenAPI, marker: Marker) -> None:
    """An empty value removes the description of a custom type."""
    if marker.value:
        schema["description"] = marker.value
    else:
        schema.pop("description", None)


_RULES: dict[str, Callable[[OpenAPI, Marker], str | None]] = {
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
