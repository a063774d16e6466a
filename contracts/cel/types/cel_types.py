"""The static types, and their names in messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.cel.values.cel_values import Duration, OptionalValue, Timestamp, TypeValue, UInt


@dataclass(frozen=True)
class Type:
    """A type without parameters: ``int``, ``string``, ``dyn``, ``kubernetes.Quantity`` …"""

    name: str

    def __str__(self) -> str:
        return self.name


DYN: Final = Type("dyn")
BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DOUBLE: Final = Type("double")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
NULL: Final = Type("null")
TIMESTAMP: Final = Type("timestamp")
DURATION: Final = Type("duration")
QUANTITY: Final = Type("kubernetes.Quantity")
IP: Final = Type("net.IP")
CIDR: Final = Type("net.CIDR")
URL: Final = Type("kubernetes.URL")
SEMVER: Final = Type("kubernetes.Semver")

OPAQUE = frozenset((QUANTITY, IP, CIDR, URL, SEMVER))
NUMBERS = frozenset((INT, UINT, DOUBLE))


@dataclass(frozen=True)
class TypeParam(Type):
    """A type parameter of a signature: the ``T`` of ``list(T)``."""


class ListType(Type):
    def __init__(self, element: Type) -> None:
        object.__setattr__(self, "name", f"list({element})")
        object.__setattr__(self, "element", element)

    element: Type


class MapType(Type):
    def __init__(self, key: Type, value: Type) -> None:
        object.__setattr__(self, "name", f"map({key}, {value})")
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "value", value)

    key: Type
    value: Type


class OptionalType(Type):
    def __init__(self, inner: Type) -> None:
        object.__setattr__(self, "name", f"optional_type({inner})")
        object.__setattr__(self, "inner", inner)

    inner: Type


class TypeType(Type):
    """The type of ``type(x)``."""

    def __init__(self, inner: Type = DYN) -> None:
        object.__setattr__(self, "name", f"type({inner})")
        object.__setattr__(self, "inner", inner)

    inner: Type


class StructType(Type):
    """An object with known fields. Structs with the same name are the same type."""

    def __init__(self, name: str, fields: Mapping[str, Type], preserve_unknown: bool = False) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "preserve_unknown", preserve_unknown)

    fields: Mapping[str, Type]
    preserve_unknown: bool

    @property
    def origin(self) -> object:
        """Identifies the schema of the struct; in a recursive schema, names of structs keep growing."""
        return getattr(self.fields, "origin", self.name)

    @cached_property
    def conversion_plans(self) -> dict[str, Type | None]:
        """Cache of ``schema_views``: the type of each field whose values may need conversion, else None."""
        return {}

    def __repr__(self) -> str:
        return f"StructType({self.name!r})"


ConditionType: Final = StructType(
    "kro.runtime.Condition", {"type": STRING, "status": STRING, "reason": STRING, "message": STRING}
)

CONSTRUCTORS = {
    kind.name: kind
    for kind in (DYN, BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, TIMESTAMP, DURATION, *OPAQUE)
} | {ConditionType.name: ConditionType}

CLASSES: dict[str, type] = {
    "bool": bool,
    "uint": UInt,
    "int": int,
    "double": float,
    "string": str,
    "bytes": bytes,
    "null": type(None),
    "timestamp": Timestamp,
    "duration": Duration,
}


def accepts(param: Type, cls: type) -> bool:
    """Whether a parameter of this type accepts a value of this Python class, at run time."""
    if isinstance(param, ListType):
        return issubclass(cls, list)
    if isinstance(param, (MapType, StructType)):
        return issubclass(cls, dict)
    if isinstance(param, OptionalType):
        return cls is OptionalValue
    if isinstance(param, TypeType):
        return cls is TypeValue
    if param is DYN or isinstance(param, TypeParam):
        return True
    if param in OPAQUE:
        return getattr(cls, "cel_type", "") == param.name
    wanted = CLASSES[param.name]
    if wanted is int:
        return issubclass(cls, int) and cls is not bool and not issubclass(cls, UInt)
    return issubclass(cls, wanted)
