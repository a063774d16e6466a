"""Validate data against a structural OpenAPI schema, as the API server does. Reports all problems.

Messages never contain string values, because they may be secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from contracts.documents.paths import Path, print_path
from contracts.problems import Problem, did_you_mean
from contracts.schema.patterns import matches

Schema = Mapping[str, Any]
Fault = tuple[Path, str, str, str]
"""Path, code, message, hint."""

MAX_FAULTS = 200
_EXPECTED = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_ANY_VALUE: Schema = {}
# Names of actual types, where they differ from the expected ones.
_ACTUAL = {"boolean": "a boolean", "object": "a map", "number": "a decimal number"}


def validate(schema: Schema, data: Any, *, path: Sequence[str | int] = ("spec",)) -> list[Problem]:
    """The problems of ``data``; at most 200.

    Defaults need not be applied: a required field with a default may be absent. A null counts as absent where
    null is not allowed, because the API server removes it.
    """
    if data is None:
        data = {}
    return [
        Problem(code, message, print_path(place), hint=hint)
        for place, code, message, hint in islice(faults(schema, data, tuple(path)), MAX_FAULTS)
    ]


def first_fault(schema: Schema, value: Any) -> str:
    """The first problem of ``value`` as the default of ``schema``, or an empty string.

    The API server validates a default without applying inner defaults: required fields must be present.
    """
    for path, _, message, _ in faults(without(schema, "default"), value, ()):
        return f"{print_path(path)}: {message}" if path else message
    return ""


def without(schema: Schema, keyword: str) -> Schema:
    """A copy of the schema without a keyword, such as ``default``, at any level."""
    copy = {key: value for key, value in schema.items() if key != keyword}
    if "properties" in copy:
        copy["properties"] = {name: without(child, keyword) for name, child in copy["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(copy.get(key), Mapping):
            copy[key] = without(copy[key], keyword)
    return copy


def faults(schema: Schema, data: Any, path: Path) -> Iterator[Fault]:
    if data is None and schema.get("nullable"):
        return
    if schema.get("x-kubernetes-int-or-string"):
        if isinstance(data, bool) or not isinstance(data, int | str):
            yield path, "wrong-type", "Must be an integer or a string.", ""
        return
    kind = schema.get("type")
    if kind and not is_a(str(kind), data):
        yield (
            path,
            "wrong-type",
            f"Must be {_EXPECTED.get(str(kind), kind)}, not {type_name(data)}.",
            _type_hint(kind, data),
        )
        return
    if "enum" in schema and not any(json_equal(data, item) for item in schema["enum"]):
        allowed = ", ".join(str(item) for item in schema["enum"])
        hint = did_you_mean(data, map(str, schema["enum"])) if isinstance(data, str) else ""
        yield path, "not-allowed", f"Must be one of {allowed}.", hint
    if isinstance(data, str):
        yield from _string_faults(schema, data, path)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield from _number_faults(schema, data, path)
    elif isinstance(data, list):
        yield from _list_faults(schema, data, path)
    elif isinstance(data, Mapping):
        yield from _object_faults(schema, data, path)


def is_a(kind: str, data: Any) -> bool:
    """Whether ``data`` has a JSON type. As in the API server, a float without a fraction is an integer."""
    match kind:
        case "string":
            return isinstance(data, str)
        case "boolean":
            return isinstance(data, bool)
        case "integer":
            integral = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
            return integral and not isinstance(data, bool)
        case "number":
            return isinstance(data, int | float) and not isinstance(data, bool)
        case "array":
            return isinstance(data, list | tuple)
        case "object":
            return isinstance(data, Mapping)
    return True


def type_name(data: Any) -> str:
    """The name of the JSON type of a value."""
    if data is None:
        return "null"
    for kind in ("boolean", "integer", "number", "string", "array", "object"):
        if is_a(kind, data):
            return _ACTUAL.get(kind, _EXPECTED[kind])
    return type(data).__name__


def _type_hint(kind: Any, data: Any) -> str:
    if kind == "string" and isinstance(data, int | float):
        return "Put it in quotes."
    if kind in ("integer", "number", "boolean") and isinstance(data, str):
        return "Write it without quotes."
    if kind == "array" and not isinstance(data, Mapping):
        return "Start each item with “- ”."
    return ""


def json_equal(a: Any, b: Any) -> bool:
    """JSON equality: ``true`` is not 1, but 1 is 1.0."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _string_faults(schema: Schema, data: str, path: Path) -> Iterator[Fault]:
    if len(data) < schema.get("minLength", 0):
        message = (
            "Must not be empty." if not data else f"Must have at least {schema['minLength']} characters."
        )
        yield path, "too-short", message, ""
    if len(data) > schema.get("maxLength", len(data)):
        yield path, "too-long", f"Must have at most {schema['maxLength']} characters, not {len(data)}.", ""
    if "pattern" in schema and not matches(str(schema["pattern"]), data):
        yield path, "pattern", f"Must match the pattern {schema['pattern']}.", ""


def _number_faults(schema: Schema, data: float, path: Path) -> Iterator[Fault]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and (data < low or (data == low and schema.get("exclusiveMinimum") is True)):
        yield path, "too-small", f"Must be at least {low}, not {data}.", ""
    if high is not None and (data > high or (data == high and schema.get("exclusiveMaximum") is True)):
        yield path, "too-large", f"Must be at most {high}, not {data}.", ""
    if schema.get("type") == "integer" and not -(2**63) <= data < 2**63:
        yield path, "too-large", "Must fit into 64 bits.", ""


def _list_faults(schema: Schema, data: Sequence[Any], path: Path) -> Iterator[Fault]:
    if len(data) < schema.get("minItems", 0):
        yield path, "too-few", f"Must have at least {_items(schema['minItems'])}, not {len(data)}.", ""
    if len(data) > schema.get("maxItems", len(data)):
        yield path, "too-many", f"Must have at most {_items(schema['maxItems'])}, not {len(data)}.", ""
    items = schema.get("items")
    if isinstance(items, Mapping):
        for index, item in enumerate(data):
            if item is not None or "default" not in items:
                yield from faults(items, item, (*path, index))
    yield from _duplicate_faults(schema, data, path)


def _items(count: int) -> str:
    return f"{count} item" if count == 1 else f"{count} items"


def _duplicate_faults(schema: Schema, data: Sequence[Any], path: Path) -> Iterator[Fault]:
    """Duplicate items of a set, or duplicate keys of a list of type map."""
    list_type = schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    unique = list_type == "set" or schema.get("uniqueItems")
    if not unique and list_type != "map":
        return
    seen: dict[str, int] = {}
    for index, item in enumerate(data):
        if list_type == "map":
            if not isinstance(item, Mapping):
                continue
            identity: Any = [item.get(key, _default_of(schema, key)) for key in keys]
        else:
            identity = item
        text = json.dumps(identity, sort_keys=True, default=str)
        if text in seen:
            what = " and ".join(keys) if list_type == "map" else "item"
            yield (
                (*path, index),
                "duplicate",
                f"Duplicate {what} in the list.",
                f"Same as item {seen[text] + 1}.",
            )
        seen.setdefault(text, index)


def _default_of(schema: Schema, key: str) -> Any:
    properties = (schema.get("items") or {}).get("properties") or {}
    return (properties.get(key) or {}).get("default")


def _object_faults(schema: Schema, data: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    for name in schema.get("required") or ():
        if _is_missing(data, name, properties.get(name) or {}):
            yield (*path, name), "required", "This field is required.", ""
    if len(data) < schema.get("minProperties", 0):
        yield path, "too-few", f"Must have at least {schema['minProperties']} entries.", ""
    if len(data) > schema.get("maxProperties", len(data)):
        yield path, "too-many", f"Must have at most {schema['maxProperties']} entries.", ""
    for name, value in data.items():
        child = properties[name] if name in properties else _additional(schema)
        if child is _ANY_VALUE:
            continue
        if child is None:
            hint = did_you_mean(name, properties)
            yield (*path, name), "unknown-field", f"Unknown field “{name}”.", hint
        elif value is not None or child.get("nullable"):
            yield from faults(child, value, (*path, name))


def _is_missing(data: Mapping[str, Any], name: str, child: Schema) -> bool:
    absent = name not in data or (data[name] is None and not child.get("nullable"))
    return absent and "default" not in child


def _additional(schema: Schema) -> Schema | None:
    """The schema of fields that are not in ``properties``; None if there may be none."""
    more = schema.get("additionalProperties")
    if isinstance(more, Mapping):
        return more
    return _ANY_VALUE if more is True or schema.get("x-kubernetes-preserve-unknown-fields") else None
