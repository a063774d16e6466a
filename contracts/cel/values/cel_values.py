"""The Python representation of CEL values.

JSON values need no conversion: ``int``, ``float``, ``str``, ``bool``, ``None``, ``list`` and ``dict`` are CEL
values, and ``bytes`` is bytes. Only types that Python lacks have a class here.
"""

from __future__ import annotations

from functools import total_ordering
from typing import Any, Final

from contracts.cel.errors import CelError

INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 63) - 1
UINT_MAX: Final = (1 << 64) - 1
SECOND: Final = 1_000_000_000
TIME_MIN: Final = -62_135_596_800 * SECOND
TIME_MAX: Final = 253_402_300_800 * SECOND - 1


class UInt(int):
    """An unsigned 64-bit integer. It compares with ``int`` by value, as CEL requires."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


@total_ordering
class Duration:
    """Signed 64-bit nanoseconds, as in Go."""

    __slots__ = ("ns",)

    def __init__(self, ns: int) -> None:
        if not INT_MIN <= ns <= INT_MAX:
            raise CelError("range error: duration out of range")
        self.ns = ns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and self.ns == other.ns

    def __lt__(self, other: Duration) -> bool:
        return self.ns < other.ns

    def __hash__(self) -> int:
        return hash(("duration", self.ns))

    def __repr__(self) -> str:
        return f"Duration({self.ns})"


@total_ordering
class Timestamp:
    """Nanoseconds since 1970 in UTC. ``offset`` (seconds east of UTC) is only used by ``string(t)``."""

    __slots__ = ("ns", "offset")

    def __init__(self, ns: int, offset: int = 0) -> None:
        if not TIME_MIN <= ns <= TIME_MAX:
            raise CelError("range error: timestamp out of range")
        self.ns = ns
        self.offset = offset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.ns == other.ns

    def __lt__(self, other: Timestamp) -> bool:
        return self.ns < other.ns

    def __hash__(self) -> int:
        return hash(("timestamp", self.ns))

    def __repr__(self) -> str:
        return f"Timestamp({self.ns})"


class OptionalValue:
    """A value that may be absent: the result of ``a.?b``."""

    __slots__ = ("has_value", "value")

    def __init__(self, has_value: bool, value: Any = None) -> None:
        self.has_value = has_value
        self.value = value

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, OptionalValue)
            and self.has_value == other.has_value
            and self.value == other.value
        )

    def __hash__(self) -> int:
        return hash(("optional", self.has_value))

    def __repr__(self) -> str:
        return f"optional.of({self.value!r})" if self.has_value else "optional.none()"


NONE: Final = OptionalValue(False)


def some(value: Any) -> OptionalValue:
    return OptionalValue(True, value)


class TypeValue:
    """The result of ``type(x)``."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeValue) and self.name == other.name

    def __hash__(self) -> int:
        return hash(("type", self.name))

    def __repr__(self) -> str:
        return self.name


class Omit:
    """The value that removes its own map key or list element (kro §3.8)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "OMIT"


OMIT: Final = Omit()


class TypedMap(dict[str, Any]):
    """A map whose values are converted by its schema, without nulls. Output uses ``raw``, the original."""

    __slots__ = ("raw",)

    def __init__(self, converted: dict[str, Any], raw: dict[str, Any]) -> None:
        super().__init__(converted)
        self.raw = raw


class TypedList(list[Any]):
    """A list whose elements are converted by its schema. Output uses ``raw``, the original."""

    __slots__ = ("raw",)

    def __init__(self, converted: list[Any], raw: list[Any]) -> None:
        super().__init__(converted)
        self.raw = raw


class Opaque:
    """A value of a library's own type; ``cel_type`` is the name of the type."""

    __slots__ = ()
    cel_type: str = "opaque"


NAMES: dict[type, str] = {
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    bool: "bool",
    type(None): "null_type",
    list: "list",
    dict: "map",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    TypeValue: "type",
    OptionalValue: "optional_type",
    Omit: "kro.omit",
}


def type_name(value: object) -> str:
    """The CEL name of the type of a value, for ``type(x)`` and for messages."""
    found = NAMES.get(type(value))
    if found:
        return found
    if isinstance(value, Opaque):
        return value.cel_type
    return next((name for cls, name in NAMES.items() if isinstance(value, cls)), "unknown")


def no_overload(function: str, *values: object) -> CelError:
    """The error for arguments that no overload accepts. It names types, never values."""
    return CelError(f"no such overload: {function}({', '.join(map(type_name, values))})")
