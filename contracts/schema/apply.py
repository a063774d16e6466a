"""Markers applied to a schema: ``required``, ``default``, bounds, list types, rules (kro §2.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.documents.paths import Path
from contracts.problems import Severity, did_you_mean
from contracts.schema import go_text
from contracts.schema.consistency import check_whole
from contracts.schema.markers import NAMES, Marker, MarkerError, split
from contracts.schema.patterns import pattern_fault
from contracts.schema.problem import SchemaProblem

OpenAPI = dict[str, Any]

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
        message = "The markers end with whitespace; kro would refuse this."
        marked.problems.append(SchemaProblem(at, message, "kro-would-refuse", severity="warning"))
    try:
        markers = split(text)
    except MarkerError as error:
        report(str(error), error.hint, error.start, error.end, "schema-marker-syntax")
        return marked
    for marker in markers:
        try:
            warning = _apply(schema, marker, marked)
        except _RefusedError as refusal:
            report(str(refusal), refusal.hint, marker.start, marker.end)
            continue
        if warning:
            report(warning, "", marker.start, marker.end, "kro-would-refuse", "warning")
    check_whole(schema, markers, report)
    return marked


def _apply(schema: OpenAPI, marker: Marker, marked: Marked) -> str | None:
    """Returns a warning where kro would not get through with what we accept."""
    name = marker.name
    if name == "required":
        marked.required = _bool(marker) or marked.required
        return None
    if name in _RULES:
        return _RULES[name](schema, marker)
    if name.startswith("|"):
        other = name.lstrip("| ")
        raise _RefusedError(
            f"Markers must not be separated by “|” (before “{other}”).", "Separate markers with spaces only."
        )
    raise _RefusedError(
        f"Unknown marker “{name}”.", did_you_mean(name, NAMES) or f"Supported markers: {', '.join(NAMES)}."
    )


def _bool(marker: Marker) -> bool:
    try:
        return go_text.boolean(marker.value)
    except ValueError:
        message = f"“{marker.name}” must be true or false, not “{marker.value}”."
        raise _RefusedError(message) from None


def _type(schema: OpenAPI) -> str:
    return str(schema.get("type", ""))


def _only_for(schema: OpenAPI, marker: Marker, *types: str) -> None:
    have = _type(schema)
    if have and have not in types:
        allowed = " and ".join(_WORDS[t] for t in types)
        raise _RefusedError(f"“{marker.name}” applies to {allowed}, not to {_WORDS.get(have, have)}.")


_WORDS = {
    "string": "strings",
    "integer": "integers",
    "array": "lists",
    "object": "objects and maps",
    "number": "floats",
    "boolean": "booleans",
}


def _default(schema: OpenAPI, marker: Marker) -> str | None:
    """kro takes the text of the marker for JSON as it stands, between quotes where the field is a text.

    Where that is JSON, it means what it means to kro; where it is not, we mean what was written (quirk 4).
    """
    kind, text = _type(schema), marker.value
    in_kro = f'"{text}"' if kind == "string" else text
    try:
        value, is_json = go_text.json_value(in_kro), True
    except ValueError:
        value, is_json = text, False
    if kind in _SCALARS:
        value = _SCALARS[kind](marker)
    elif kind != "string" and not is_json:
        message = f"The default of {_WORDS.get(kind, 'this field')} must be JSON, but “{text}” is not."
        raise _RefusedError(message, 'For example default=["a", "b"] or default={"key": 1}.')
    schema["default"] = value
    return None if is_json else "kro would refuse this default, because it copies it into JSON verbatim."


def _integer(marker: Marker) -> int:
    try:
        value = go_text.integer(marker.value)
    except ValueError:
        raise _RefusedError(f"“{marker.name}” must be an integer, not “{marker.value}”.") from None
    if not -(2**63) <= value < 2**63:
        raise _RefusedError(f"“{marker.name}” is out of range: {marker.value}.")
    return value


def _number(marker: Marker) -> int | float:
    try:
        return go_text.number(marker.value)
    except ValueError:
        raise _RefusedError(f"“{marker.name}” must be a number, not “{marker.value}”.") from None


_SCALARS: dict[str, Callable[[Marker], Any]] = {"integer": _integer, "number": _number, "boolean": _bool}


def _enum(schema: OpenAPI, marker: Marker) -> str | None:
    _only_for(schema, marker, "string", "integer")
    items = [item.strip() for item in marker.value.split(",")]
    if "" in items:
        raise _RefusedError(
            "An “enum” value is empty.", 'Separate the values with commas: enum="small, large".'
        )
    if _type(schema) != "integer":
        schema["enum"] = items
        return None
    schema["enum"] = [_integer(Marker("enum", item, marker.start, marker.end)) for item in items]
    odd = [item for item, value in zip(items, schema["enum"], strict=True) if item not in (str(value), "-0")]
    return f"“{odd[0]}” is not a JSON number; kro would refuse this." if odd else None


def _pattern(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "string")
    if not marker.value:
        raise _RefusedError("“pattern” is empty.")
    fault = pattern_fault(marker.value)
    if fault:
        raise _RefusedError(
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
        raise _RefusedError(f"“listType” is atomic, set or map, not “{marker.value}”.", hint)
    _set_list_type(schema, marker.value, f"“listType={marker.value}”")


def _set_list_type(schema: OpenAPI, wanted: str, by: str) -> None:
    before = schema.setdefault("x-kubernetes-list-type", wanted)
    if before != wanted:
        raise _RefusedError(f"{by} conflicts with the list type “{before}”, which is already set.")


def _list_map_key(schema: OpenAPI, marker: Marker) -> None:
    _only_for(schema, marker, "array")
    keys = schema.setdefault("x-kubernetes-list-map-keys", [])
    if not marker.value:
        raise _RefusedError("“listMapKey” is empty.")
    if marker.value in keys:
        raise _RefusedError(f"Duplicate “listMapKey={marker.value}”.")
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
    """An empty one takes away the description of a custom type."""
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
