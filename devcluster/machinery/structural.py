"""Custom resources by the schema of their CRD: pruning, defaults and validation.

Source of the rules: structural schemas in the CRD documentation. Rules in CEL are evaluated elsewhere.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import quoted
from devcluster.machinery.schema import OBJECT_META, Shape, named_shape

Manifest = dict[str, Any]


def prune(value: Any, shape: Shape | None, unknown: list[str], path: str = "") -> Any:
    """A copy without unknown fields; their paths are added to `unknown`."""
    if shape is None or shape.form == "any":
        return value
    if isinstance(value, list):
        if shape.items is None:
            return value
        return [prune(item, shape.items, unknown, f"{path}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if shape.name == OBJECT_META:
        return value
    kept = {}
    for key, child in value.items():
        where = f"{path}.{key}" if path else key
        inner = shape.fields.get(key) or shape.values
        if inner is not None:
            kept[key] = prune(child, inner, unknown, where)
        elif shape.preserve:
            kept[key] = child
        else:
            unknown.append(where)
    return kept


def fill(value: Any, shape: Shape | None) -> None:
    """Set defaults in place. A null that the schema forbids is replaced by the default, or removed."""
    if shape is None:
        return
    if isinstance(value, dict):
        for key, inner in shape.fields.items():
            _fill_field(value, key, inner)
        if shape.values is not None:
            for key in value.keys() - shape.fields.keys():
                fill(value[key], shape.values)
    elif isinstance(value, list):
        for item in value:
            fill(item, shape.items)


def _fill_field(value: Manifest, key: str, shape: Shape) -> None:
    absent = key not in value
    forbidden_null = not absent and value[key] is None and not shape.nullable
    if shape.default is not None and (absent or forbidden_null):
        value[key] = copy.deepcopy(shape.default)
    elif forbidden_null and shape.raw and shape.form != "any":
        del value[key]
    if key in value:
        fill(value[key], shape)


def problems(manifest: Manifest, shape: Shape, subresource: str = "") -> list[Cause]:
    """The problems of an object by its schema, without those of `metadata`.

    For a write of the status, only the status is validated, and the messages are relative to it.
    """
    found: list[Cause] = []
    if subresource == "status":
        if "status" in manifest and "status" in shape.fields:
            _check(manifest["status"], shape.fields["status"], "status", found)
        return [replace(one, message=one.message.replace(": status.", ": ", 1)) for one in found]
    for key, inner in shape.fields.items():
        if key in manifest and inner is not named_shape(OBJECT_META):
            _check(manifest[key], inner, key, found)
    _check_required(manifest, shape, "", found)
    return found


def value_problems(value: Any, shape: Shape) -> list[Cause]:
    """The problems of one value by its schema; paths are relative to the value."""
    found: list[Cause] = []
    _check(value, shape, "", found)
    return [
        Cause(one.reason, one.message.replace(": .", ": ", 1), one.field.removeprefix(".")) for one in found
    ]


FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
    "date": r"\d{4}-\d\d-\d\d",
    "ipv4": r"(\d{1,3}\.){3}\d{1,3}",
    "uuid": r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}",
    "email": r"[^@\s]+@[^@\s]+",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:\S*|/\S*",
    "duration": r"([0-9]+(\.[0-9]+)?\s*(ns|us|µs|ms|s|m|h|d|w|sec|min|hour|day|week)s?\s*)+",
}
NAMES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
    type(None): "null",
}


def _type(value: Any) -> str:
    return NAMES[type(value)]


def _check(value: Any, shape: Shape, path: str, found: list[Cause]) -> None:
    if value is None and shape.nullable:
        return
    kind = _type(value)
    wanted = shape.types
    if wanted and kind not in wanted and not _number_fits(value, wanted):
        listed = ",".join(wanted)
        why = f'Invalid value: "{kind}": {path} in body must be of type {listed}: "{kind}"'
        found.append(Cause("FieldValueTypeInvalid", why, path))
        return
    raw = shape.raw
    if "enum" in raw and value not in raw["enum"]:
        listed = ", ".join(quoted(one) if isinstance(one, bool) else f'"{one}"' for one in raw["enum"])
        found.append(
            Cause(
                "FieldValueNotSupported",
                f"Unsupported value: {quoted(value)}: supported values: {listed}",
                path,
            )
        )
    if isinstance(value, str):
        _check_string(value, raw, path, found)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(value, raw, path, found)
    elif isinstance(value, list):
        _check_list(value, shape, path, found)
    elif isinstance(value, dict):
        _check_mapping(value, shape, path, found)


def _number_fits(value: Any, wanted: tuple[str, ...]) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return "number" in wanted
    return isinstance(value, float) and value.is_integer() and "integer" in wanted


def _body(path: str, value: Any, why: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {quoted(value)}: {path} in body {why}", path)


def _check_string(value: str, raw: Any, path: str, found: list[Cause]) -> None:
    if "maxLength" in raw and len(value) > raw["maxLength"]:
        found.append(
            Cause("FieldValueTooLong", f"Too long: may not be more than {raw['maxLength']} bytes", path)
        )
    if "minLength" in raw and len(value) < raw["minLength"]:
        found.append(_body(path, value, f"should be at least {raw['minLength']} chars long"))
    kind = raw.get("format")
    if kind in FORMATS and not re.fullmatch(FORMATS[kind], value):
        why = f"Invalid value: {quoted(value)}: {path} in body must be of type {kind}: {quoted(value)}"
        found.append(Cause("FieldValueTypeInvalid", why, path))
    if "pattern" in raw and not re.search(raw["pattern"], value):
        found.append(_body(path, value, f"should match '{raw['pattern']}'"))


def _check_number(value: float, raw: Any, path: str, found: list[Cause]) -> None:
    if "minimum" in raw:
        exclusive = raw.get("exclusiveMinimum")
        if value < raw["minimum"] or (exclusive and value == raw["minimum"]):
            message = "should be greater than" if exclusive else "should be greater than or equal to"
            found.append(_body(path, value, f"{message} {raw['minimum']}"))
    if "maximum" in raw:
        exclusive = raw.get("exclusiveMaximum")
        if value > raw["maximum"] or (exclusive and value == raw["maximum"]):
            message = "should be less than" if exclusive else "should be less than or equal to"
            found.append(_body(path, value, f"{message} {raw['maximum']}"))
    if raw.get("multipleOf") and value % raw["multipleOf"]:
        found.append(_body(path, value, f"should be a multiple of {raw['multipleOf']}"))


def _check_list(value: list[Any], shape: Shape, path: str, found: list[Cause]) -> None:
    raw = shape.raw
    if "maxItems" in raw and len(value) > raw["maxItems"]:
        found.append(
            Cause(
                "FieldValueTooMany",
                f"Too many: {len(value)}: must have at most {raw['maxItems']} items",
                path,
            )
        )
    if "minItems" in raw and len(value) < raw["minItems"]:
        found.append(_body(path, len(value), f"should have at least {raw['minItems']} items"))
    _check_duplicates(value, shape, path, found)
    for index, item in enumerate(value):
        if shape.items is not None:
            _check(item, shape.items, f"{path}[{index}]", found)


def _check_duplicates(value: list[Any], shape: Shape, path: str, found: list[Cause]) -> None:
    """Reports duplicate elements of a set, and items of a map list with the same keys."""
    if shape.list_type not in ("set", "map"):
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        key = item
        if shape.list_type == "map" and isinstance(item, dict):
            key = {name: item[name] for name in shape.keys if name in item}
        text = quoted(key)
        if text in seen:
            found.append(Cause("FieldValueDuplicate", f"Duplicate value: {text}", f"{path}[{index}]"))
        seen.add(text)


def _check_mapping(value: Manifest, shape: Shape, path: str, found: list[Cause]) -> None:
    raw = shape.raw
    if "maxProperties" in raw and len(value) > raw["maxProperties"]:
        found.append(
            Cause(
                "FieldValueTooMany",
                f"Too many: {len(value)}: must have at most {raw['maxProperties']} items",
                path,
            )
        )
    if "minProperties" in raw and len(value) < raw["minProperties"]:
        found.append(_body(path, len(value), f"should have at least {raw['minProperties']} properties"))
    _check_required(value, shape, path, found)
    if shape.embedded:
        for key in ("apiVersion", "kind"):
            if not value.get(key):
                found.append(Cause("FieldValueRequired", "Required value", f"{path}.{key}"))
    for key, child in value.items():
        inner = shape.fields.get(key) or shape.values
        if inner is not None and inner is not named_shape(OBJECT_META):
            _check(child, inner, f"{path}.{key}", found)


def _check_required(value: Manifest, shape: Shape, path: str, found: list[Cause]) -> None:
    for key in sorted(shape.required):
        if key not in value:
            found.append(Cause("FieldValueRequired", "Required value", f"{path}.{key}" if path else key))
