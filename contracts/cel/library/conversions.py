"""Standard CEL: ``size``, ``type``, ``dyn`` and the conversions between scalar types."""

from __future__ import annotations

import math
import re
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import SECOND, Duration, Timestamp, TypeValue, UInt, type_name
from contracts.cel.values.operators import int64, uint64
from contracts.cel.values.times import (
    format_duration_seconds,
    format_timestamp,
    parse_duration,
    parse_timestamp,
)

INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
DIGITS = re.compile(r"[0-9]{1,40}")
DOUBLE = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.I
)
TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))


@function("size(string): int", "size(bytes): int", "size(list(A)): int", "size(map(A, B)): int")
@method("string.size(): int", "bytes.size(): int", "list(A).size(): int", "map(A, B).size(): int")
def size(value: Any) -> int:
    return len(value)


@function("dyn(A): dyn")
def dyn(value: Any) -> Any:
    return value


@function("type(A): type(A)")
def type_of(value: Any) -> TypeValue:
    return TypeValue(type_name(value))


@function(
    "int(int): int",
    "uint(uint): uint",
    "double(double): double",
    "bool(bool): bool",
    "string(string): string",
)
@function("bytes(bytes): bytes", "timestamp(timestamp): timestamp", "duration(duration): duration")
def identity(value: Any) -> Any:
    return value


@function("int(uint): int")
def int_of_uint(value: UInt) -> int:
    return int64(int(value))


@function("int(double): int")
def int_of_double(value: float) -> int:
    if not -(2.0**63) < value < 2.0**63:
        raise CelError("range error: the double does not fit into an int")
    return int(value)


@function("int(string): int")
def int_of_string(value: str) -> int:
    if not INTEGER.fullmatch(value):
        raise CelError("type conversion error: the string is not an int")
    return int64(int(value))


@function("int(timestamp): int")
def int_of_timestamp(value: Timestamp) -> int:
    return value.ns // SECOND


@function("int(duration): int")
def int_of_duration(value: Duration) -> int:
    return value.ns


@function("uint(int): uint")
def uint_of_int(value: int) -> UInt:
    return uint64(value)


@function("uint(double): uint")
def uint_of_double(value: float) -> UInt:
    if not 0 <= value < 2.0**64:
        raise CelError("range error: the double does not fit into a uint")
    return UInt(int(value))


@function("uint(string): uint")
def uint_of_string(value: str) -> UInt:
    if not DIGITS.fullmatch(value):
        raise CelError("type conversion error: the string is not a uint")
    return uint64(int(value))


@function("double(int): double", "double(uint): double")
def double_of_integer(value: int) -> float:
    return float(int(value))


@function("double(string): double")
def double_of_string(value: str) -> float:
    if len(value) > 1000 or not DOUBLE.fullmatch(value):
        raise CelError("type conversion error: the string is not a double")
    number = float(value)
    if math.isinf(number) and value[-1].isdigit():
        raise CelError("range error: the number does not fit into a double")
    return number


@function("bool(string): bool")
def bool_of_string(value: str) -> bool:
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise CelError("type conversion error: the string is not a bool")


@function("bytes(string): bytes")
def bytes_of_string(budget: Budget, value: str) -> bytes:
    budget.produce(len(value))
    return value.encode()


@function("string(bytes): string")
def string_of_bytes(budget: Budget, value: bytes) -> str:
    budget.produce(len(value))
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise CelError("type conversion error: the bytes are not valid UTF-8") from None


@function("string(bool): string")
def string_of_bool(value: bool) -> str:
    return "true" if value else "false"


@function("string(int): string", "string(uint): string")
def string_of_integer(value: int) -> str:
    return str(int(value))


@function("string(double): string")
def string_of_double(value: float) -> str:
    """Go's shortest ``%g``, which has an exponent from 1e+06 and below 1e-04."""
    if not math.isfinite(value):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    digits, exponent = shortest_digits(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if -5 < exponent < 6:
        return sign + positional(digits, exponent)
    mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def shortest_digits(value: float) -> tuple[str, int]:
    """The fewest digits that identify the number, and the power of ten of the first digit."""
    mantissa, _, power = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    exponent = len(whole) - 1 + int(power or 0)
    stripped = digits.lstrip("0")
    if not stripped:
        return "0", 0
    return stripped.rstrip("0"), exponent - (len(digits) - len(stripped))


def positional(digits: str, exponent: int) -> str:
    """The digits written without an exponent."""
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return whole + ("." + digits[exponent + 1 :] if digits[exponent + 1 :] else "")


@function("string(timestamp): string")
def string_of_timestamp(value: Timestamp) -> str:
    return format_timestamp(value)


@function("string(duration): string")
def string_of_duration(value: Duration) -> str:
    return format_duration_seconds(value)


@function("timestamp(string): timestamp")
def timestamp_of_string(value: str) -> Timestamp:
    return parse_timestamp(value)


@function("timestamp(int): timestamp")
def timestamp_of_int(value: int) -> Timestamp:
    return Timestamp(value * SECOND)


@function("duration(string): duration")
def duration_of_string(value: str) -> Duration:
    return parse_duration(value)


@function("duration(int): duration")
def duration_of_int(value: int) -> Duration:
    """Declared in CEL, but not implemented by cel-go."""
    raise CelError("type conversion error: an int is not a duration; write a string with a unit")
