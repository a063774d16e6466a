"""Decodes objects of built-in kinds as a typed server does.

A real server decodes an object into Go structs and encodes them again. This module has the same effect, by
the shape of the object: unknown fields are reported, null fields, empty lists and empty mappings are removed,
null in a mapping of strings becomes "", quantities get their canonical form, and zeros are removed from
fields that do not distinguish zero from absent.
"""

from __future__ import annotations

import base64
import binascii
import copy
from typing import Any

from devcluster.machinery import quantities
from devcluster.machinery.errors import bad_request
from devcluster.machinery.schema import Shape

Manifest = dict[str, Any]

QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
TIME = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
META_CONDITION = "io.k8s.apimachinery.pkg.apis.meta.v1.Condition"

# Fields whose zero value means absent. Other numbers and booleans are pointers in the API and keep it.
ZERO_IS_ABSENT = frozenset(
    [
        "minReadySeconds",
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "paused",
        "stdin",
        "stdinOnce",
        "tty",
        "readOnly",
        "initialDelaySeconds",
        "nodePort",
        "publishNotReadyAddresses",
        "unschedulable",
        "hostPort",
        "globalDefault",
        "generation",
        "healthCheckNodePort",
        "templateGeneration",
    ]
)
STATUS_POINTERS = frozenset(["terminatingReplicas", "collisionCount", "ready", "terminating"])


def stripped(value: Manifest, shape: Shape) -> tuple[Manifest, list[str]]:
    """A copy without unknown fields, and their paths. For kinds without a shape, the value itself."""
    unknown: list[str] = []
    converted = _convert(value, shape, "", unknown)
    for key in ("apiVersion", "kind"):
        if key in value:
            converted[key] = value[key]
    converted.setdefault("metadata", {})
    return converted, unknown


def _convert(value: Any, shape: Shape | None, path: str, unknown: list[str]) -> Any:
    if shape is None or shape.form == "any":
        return copy.deepcopy(value) if isinstance(value, dict | list) else value
    if shape.form == "object":
        if not isinstance(value, dict):
            raise mismatch(value, shape, path)
        return _mapping(value, shape, path, unknown)
    if shape.form == "list":
        if not isinstance(value, list):
            raise mismatch(value, shape, path)
        return [_convert(item, shape.items, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
    return _scalar(value, shape, path)


def _mapping(value: dict[str, Any], shape: Shape, path: str, unknown: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, child in value.items():
        where = f"{path}.{key}" if path else key
        inner = shape.child(key)
        if inner is None:
            unknown.append(where)
        elif shape.values is not None:
            where = path if inner.form == "scalar" else where
            absent = child is None and inner.types == ("string",)
            kept[key] = "" if absent else _convert(child, inner, where, unknown)
        elif child is not None:
            converted = _convert(child, inner, where, unknown)
            if not _absent(key, converted, inner, shape):
                kept[key] = converted
    if shape.name.endswith("Condition") and shape.name != META_CONDITION:
        for key, inner in shape.fields.items():
            if inner.name == TIME:
                kept.setdefault(key, None)
    return kept


def _absent(key: str, value: Any, inner: Shape, parent: Shape) -> bool:
    if inner.name.endswith(".JSON"):
        return False  # the default or example of a schema may be empty
    if value == "" and not isinstance(value, bool):
        return key not in parent.required and inner.types == ("string",) and key not in KEEPS_EMPTY
    if value == [] or (value == {} and (inner.values is not None)):
        return key not in parent.required
    if value is False:
        return key in ZERO_IS_ABSENT
    if value == 0 and not isinstance(value, bool) and key not in parent.required and inner.form == "scalar":
        if parent.name.endswith("Status"):
            return key not in STATUS_POINTERS and len(inner.types) == 1
        return key in ZERO_IS_ABSENT
    return False


# Strings that are pointers in the API, so that an empty one is kept.
KEEPS_EMPTY = frozenset(["storageClassName", "ingressClassName"])


def _scalar(value: Any, shape: Shape, path: str) -> Any:
    if shape.name == QUANTITY:
        canonical = quantities.canonical(value) if not isinstance(value, bool | list | dict) else None
        if canonical is None:
            raise bad_request(quantities.MESSAGE)
        return canonical
    kind = _json_type(value)
    if kind not in shape.types and not (kind == "integer" and "number" in shape.types):
        raise mismatch(value, shape, path)
    if shape.format == "byte" and isinstance(value, str):
        _check_base64(value)
    return value


def _check_base64(text: str) -> None:
    try:
        base64.b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise bad_request("illegal base64 data at input byte 0") from None


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


GO_TYPES = {"integer": "int32", "number": "float64", "string": "string", "boolean": "bool"}
GO_VALUES = {"integer": "number", "number": "number", "boolean": "bool"}


class Mismatch(Exception):
    """A value of the wrong type: `path`, the type that it has and the Go type that a server expects."""

    def __init__(self, path: str, got: str, wanted: str) -> None:
        self.path, self.got, self.wanted = path, got, wanted
        super().__init__(f"json: cannot unmarshal {got} into Go struct field {path} of type {wanted}")


def mismatch(value: Any, shape: Shape, path: str) -> Mismatch:
    got = _json_type(value)
    wanted = shape.name.rpartition(".")[2] or GO_TYPES.get(shape.types[0] if shape.types else "", shape.form)
    if shape.form == "object" and shape.values is not None:
        wanted = f"map[string]{GO_TYPES.get((shape.values.types or ('',))[0], 'interface {}')}"
    if shape.format == "int64":
        wanted = "int64"
    return Mismatch(path, GO_VALUES.get(got, got), wanted)
