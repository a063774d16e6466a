"""Convert OpenAPI schemas to types, and types to schemas (kro §3.5, §5.5).

The type of a field is computed on first use: a Pod has thousands of fields and an expression reads two, and
some schemas are recursive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contracts.cel.syntax.escapes import escape
from contracts.cel.types.cel_types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    ListType,
    MapType,
    StructType,
    Type,
)

Schema = Mapping[str, Any]
Resolve = Callable[[str], Schema]
FORMATS = {"byte": BYTES, "date-time": TIMESTAMP, "date": TIMESTAMP, "duration": DURATION}
SCALARS = {"integer": INT, "number": DOUBLE, "boolean": BOOL}
PRESERVE = "x-kubernetes-preserve-unknown-fields"
MAX_REFERENCES = 32
MAX_LEVELS = 32


def from_openapi(schema: Schema, *, name: str, resolve_ref: Resolve | None = None) -> Type:
    """The type of the values that a schema describes. Structs are named ``name.path``.

    ``resolve_ref`` returns the schema of a ``$ref``. Anything the schema leaves open is ``dyn``, including
    int-or-string and unions.
    """
    return _type(schema, name, resolve_ref, 0)


def _type(schema: Schema, name: str, resolve_ref: Resolve | None, level: int) -> Type:
    """``level`` counts directly nested lists and maps, which are not computed lazily as fields are."""
    if level > MAX_LEVELS:
        return DYN
    schema = _followed(schema, resolve_ref)
    kind = _kind(schema)
    if kind == "string":
        return FORMATS.get(str(schema.get("format", "")), STRING)
    if kind in SCALARS:
        return SCALARS[kind]
    if kind == "array":
        items = schema.get("items")
        return ListType(_type(items, f"{name}.@item", resolve_ref, level + 1) if items else DYN)
    if kind == "object":
        return _object(schema, name, resolve_ref, level)
    return DYN


def _object(schema: Schema, name: str, resolve_ref: Resolve | None, level: int) -> Type:
    properties = schema.get("properties")
    preserve = bool(schema.get(PRESERVE))
    additional = schema.get("additionalProperties")
    if not properties and isinstance(additional, Mapping) and additional and not preserve:
        return MapType(STRING, _type(additional, f"{name}.@value", resolve_ref, level + 1))
    if not properties and additional is True:
        return MapType(STRING, DYN)
    if not properties and isinstance(additional, Mapping) and not additional:
        return MapType(STRING, DYN)
    if not properties and not preserve:
        return StructType(name, {})
    return StructType(name, Fields(properties or {}, name, resolve_ref), preserve)


def _followed(schema: Schema, resolve_ref: Resolve | None) -> Schema:
    """The schema behind references. Kubernetes writes ``allOf: [{$ref}]`` for a reference with a default."""
    for _ in range(MAX_REFERENCES):
        reference = schema.get("$ref")
        if reference is None:
            parts = schema.get("allOf")
            if not (
                isinstance(parts, list)
                and len(parts) == 1
                and "type" not in schema
                and "properties" not in schema
            ):
                return schema
            schema = parts[0]
            continue
        if resolve_ref is None:
            return {}
        schema = resolve_ref(str(reference))
    return {}


def _kind(schema: Schema) -> str:
    """The JSON type of a schema, or an empty string if it allows several or specifies none."""
    if schema.get("x-kubernetes-int-or-string"):
        return ""
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]  # null means only that the value may be missing
        if kinds:
            return str(kinds[0]) if len(kinds) == 1 else ""
    elif isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "array" if "items" in schema else ""


class Fields(Mapping[str, Type]):
    """The fields of a struct. The type of each is computed once, on first use."""

    __slots__ = ("_known", "_name", "_properties", "_resolve")

    def __init__(self, properties: Mapping[str, Schema], name: str, resolve: Resolve | None) -> None:
        self._properties = properties
        self._name = name
        self._resolve = resolve
        self._known: dict[str, Type] = {}

    @property
    def origin(self) -> int:
        return id(self._properties)

    def __getitem__(self, field: str) -> Type:
        known = self._known.get(field)
        if known is None:
            schema = self._properties[field]
            known = from_openapi(schema, name=f"{self._name}.{field}", resolve_ref=self._resolve)
            self._known[field] = known
        return known

    def __contains__(self, field: object) -> bool:
        return field in self._properties

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)


SCHEMAS: dict[Type, dict[str, Any]] = {
    BOOL: {"type": "boolean"},
    INT: {"type": "integer"},
    UINT: {"type": "integer"},
    DOUBLE: {"type": "number"},
    STRING: {"type": "string"},
    BYTES: {"type": "string", "format": "byte"},
}


def to_openapi(kind: Type) -> dict[str, Any]:
    """The schema of a status field whose expression has this type (kro §5.5).

    A timestamp inside an object is left open; by itself, or in a list or map, it is a string.
    """
    if kind is TIMESTAMP:
        return {"type": "string", "format": "date-time"}
    if isinstance(kind, ListType):
        return {"type": "array", "items": to_openapi(kind.element)}
    if isinstance(kind, MapType):
        return {"type": "object", "additionalProperties": to_openapi(kind.value)}
    return _schema(kind, frozenset())


def _schema(kind: Type, inside: frozenset[object]) -> dict[str, Any]:
    if kind in SCHEMAS:
        return dict(SCHEMAS[kind])
    if isinstance(kind, ListType):
        return {"type": "array", "items": _schema(kind.element, inside)}
    if isinstance(kind, MapType):
        return {"type": "object", "additionalProperties": _schema(kind.value, inside)}
    if not isinstance(kind, StructType) or kind.origin in inside:
        return {PRESERVE: True}
    below = inside | {kind.origin}
    properties = {escape(field): _schema(kind.fields[field], below) for field in sorted(kind.fields)}
    return {"type": "object", "properties": properties} if properties else {"type": "object"}
