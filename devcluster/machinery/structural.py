"""Custom resources by their CRD's schema: pruning, defaults, and validation with a server's words.

Source of the rules: structural schemas in the CRD documentation. Rules in CEL are evaluated elsewhere.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import shown
from devcluster.machinery.schema import OBJECT_META, Shape, named_shape

Manifest = dict[str, Any]


def prune(value: Any, shape: Shape | None, unknown: list[str], path: str = "") -> Any:
    """A copy without fields that the schema does not know; their paths are added to `unknown`."""
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
    """Add defaults in place. Null where the schema forbids it and has a default gives way to the default."""
    if shape is None:
        return
    if isinstance(value, dict):
        for key, inner in shape.fields.items():
            if inner.default is not None and (
                key not in value or (value[key] is None and not inner.nullable)
            ):
                value[key] = copy.deepcopy(inner.default)
            elif (
                value.get(key) is None
                and key in value
                and not inner.nullable
                and inner.raw
                and inner.form != "any"
            ):
                del value[key]
                continue
            if key in value:
                fill(value[key], inner)
        if shape.values is not None:
            for key in value.keys() - shape.fields.keys():
                fill(value[key], shape.values)
    elif isinstance(value, list):
        for item in value:
            fill(item, shape.items)


def problems(manifest: Manifest, shape: Shape, subresource: str = "") -> list[Cause]:
    """Everything in which an object does not fit its schema. `metadata` is checked elsewhere.

    A write of the status is judged by the status alone, and its messages count from there.
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
    """Everything in which one value does not fit its schema; paths begin below it."""
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
        quoted = [shown(one) if isinstance(one, bool) else f'"{one}"' for one in raw["enum"]]
        listed = ", ".join(quoted)
        found.append(
            Cause(
                "FieldValueNotSupported",
                f"Unsupported value: {shown(value)}: supported values: {listed}",
                path,
            )
        )
    if isinstance(value, str):
        _check_text(value, raw, path, found)
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
    return Cause("FieldValueInvalid", f"Invalid value: {shown(value)}: {path} in body {why}", path)


def _check_text(value: str, raw: Any, path: str, found: list[Cause]) -> None:
    if "maxLength" in raw and len(value) > raw["maxLength"]:
        found.append(
            Cause("FieldValueTooLong", f"Too long: may not be more than {raw['maxLength']} bytes", path)
        )
    if "minLength" in raw and len(value) < raw["minLength"]:
        found.append(_body(path, value, f"should be at least {raw['minLength']} chars long"))
    kind = raw.get("format")
    if kind in FORMATS and not re.fullmatch(FORMATS[kind], value):
        why = f"Invalid value: {shown(value)}: {path} in body must be of type {kind}: {shown(value)}"
        found.append(Cause("FieldValueTypeInvalid", why, path))
    if "pattern" in raw and not re.search(raw["pattern"], value):
        found.append(_body(path, value, f"should match '{raw['pattern']}'"))


def _check_number(value: float, raw: Any, path: str, found: list[Cause]) -> None:
    if "minimum" in raw:
        exclusive = raw.get("exclusiveMinimum")
        if value < raw["minimum"] or (exclusive and value == raw["minimum"]):
            words = "should be greater than" if exclusive else "should be greater than or equal to"
            found.append(_body(path, value, f"{words} {raw['minimum']}"))
    if "maximum" in raw:
        exclusive = raw.get("exclusiveMaximum")
        if value > raw["maximum"] or (exclusive and value == raw["maximum"]):
            words = "should be less than" if exclusive else "should be less than or equal to"
            found.append(_body(path, value, f"{words} {raw['maximum']}"))
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
    _check_doubled(value, shape, path, found)
    for index, item in enumerate(value):
        if shape.items is not None:
            _check(item, shape.items, f"{path}[{index}]", found)


def _check_doubled(value: list[Any], shape: Shape, path: str, found: list[Cause]) -> None:
    """An element twice in a set, or two items with one key in a map list."""
    if shape.list_type not in ("set", "map"):
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        key = item
        if shape.list_type == "map" and isinstance(item, dict):
            key = {name: item[name] for name in shape.keys if name in item}
        text = shown(key)
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
