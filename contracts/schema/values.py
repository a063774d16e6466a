"""Data against a structural OpenAPI schema, as the API server judges it; all faults at once, in words.

Strings are never repeated in a message: they may be secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from contracts.documents.paths import Path, print_path
from contracts.problems import Problem, did_you_mean
from contracts.schema.patterns import occurs

Schema = Mapping[str, Any]
Fault = tuple[Path, str, str, str]
"""Path, code, message, hint."""

MOST_FAULTS = 200
_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
# What is there, where it is said beside what is wanted.
_GIVEN = {"boolean": "a boolean", "object": "a map", "number": "a decimal number"}


def validate(schema: Schema, data: Any, *, path: Sequence[str | int] = ("spec",)) -> list[Problem]:
    """Everything that is wrong with ``data``; at most 200 problems.

    Defaults need not be filled in: a required field with a default may be absent. A null counts as absent
    where null is not allowed, since the API server drops it.
    """
    if data is None:
        data = {}
    return [
        Problem(code, message, print_path(place), hint=hint)
        for place, code, message, hint in islice(faults(schema, data, tuple(path)), MOST_FAULTS)
    ]


def fits_of(schema: Schema, value: Any) -> str:
    """What is wrong with ``value`` as the default of ``schema``, first fault in words, or an empty text.

    The API server fills nothing into a default before it judges it: required fields have to be there.
    """
    for path, _, message, _ in faults(without(schema, "default"), value, ()):
        return f"{print_path(path)}: {message}" if path else message
    return ""


def without(schema: Schema, word: str) -> Schema:
    """The schema as if nothing in it said ``word``, for example ``default``."""
    bare = {key: value for key, value in schema.items() if key != word}
    if "properties" in bare:
        bare["properties"] = {name: without(child, word) for name, child in bare["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(bare.get(key), Mapping):
            bare[key] = without(bare[key], word)
    return bare


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
            f"Must be {_NAMES.get(str(kind), kind)}, not {described(data)}.",
            _type_hint(kind, data),
        )
        return
    if "enum" in schema and not any(same(data, item) for item in schema["enum"]):
        shown = ", ".join(str(item) for item in schema["enum"])
        hint = did_you_mean(data, map(str, schema["enum"])) if isinstance(data, str) else ""
        yield path, "not-allowed", f"Must be one of {shown}.", hint
    if isinstance(data, str):
        yield from _text_faults(schema, data, path)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield from _number_faults(schema, data, path)
    elif isinstance(data, list):
        yield from _list_faults(schema, data, path)
    elif isinstance(data, Mapping):
        yield from _object_faults(schema, data, path)


def is_a(kind: str, data: Any) -> bool:
    """JSON type; whole floats count as integers, as they do for the API server."""
    match kind:
        case "string":
            return isinstance(data, str)
        case "boolean":
            return isinstance(data, bool)
        case "integer":
            whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
            return whole and not isinstance(data, bool)
        case "number":
            return isinstance(data, int | float) and not isinstance(data, bool)
        case "array":
            return isinstance(data, list | tuple)
        case "object":
            return isinstance(data, Mapping)
    return True


def described(data: Any) -> str:
    """The JSON type of a value in words, never the value."""
    if data is None:
        return "null"
    for kind in ("boolean", "integer", "number", "string", "array", "object"):
        if is_a(kind, data):
            return _GIVEN.get(kind, _NAMES[kind])
    return type(data).__name__


def _type_hint(kind: Any, data: Any) -> str:
    if kind == "string" and isinstance(data, int | float):
        return "Put it in quotes."
    if kind in ("integer", "number", "boolean") and isinstance(data, str):
        return "Write it without quotes."
    if kind == "array" and not isinstance(data, Mapping):
        return "Start each item with “- ”."
    return ""


def same(a: Any, b: Any) -> bool:
    """JSON equality: ``true`` is not 1, but 1 is 1.0."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _text_faults(schema: Schema, data: str, path: Path) -> Iterator[Fault]:
    if len(data) < schema.get("minLength", 0):
        message = (
            "Must not be empty." if not data else f"Must have at least {schema['minLength']} characters."
        )
        yield path, "too-short", message, ""
    if len(data) > schema.get("maxLength", len(data)):
        yield path, "too-long", f"Must have at most {schema['maxLength']} characters, not {len(data)}.", ""
    if "pattern" in schema and not occurs(str(schema["pattern"]), data):
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
    yield from _twins(schema, data, path)


def _items(count: int) -> str:
    return f"{count} item" if count == 1 else f"{count} items"


def _twins(schema: Schema, data: Sequence[Any], path: Path) -> Iterator[Fault]:
    """Items that a set or a map of items may hold once."""
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
        child = properties.get(name) or {}
        absent = name not in data or (data[name] is None and not child.get("nullable"))
        if absent and "default" not in child:
            yield (*path, name), "required", "This field is required.", ""
    if len(data) < schema.get("minProperties", 0):
        yield path, "too-few", f"Must have at least {schema['minProperties']} entries.", ""
    if len(data) > schema.get("maxProperties", len(data)):
        yield path, "too-many", f"Must have at most {schema['maxProperties']} entries.", ""
    more = schema.get("additionalProperties")
    for name, value in data.items():
        if name in properties:
            if value is not None or properties[name].get("nullable"):
                yield from faults(properties[name], value, (*path, name))
        elif isinstance(more, Mapping):
            if value is not None or more.get("nullable"):
                yield from faults(more, value, (*path, name))
        elif not schema.get("x-kubernetes-preserve-unknown-fields") and more is not True:
            yield (
                (*path, name),
                "unknown-field",
                f"Unknown field “{name}”.",
                did_you_mean(name, properties),
            )
