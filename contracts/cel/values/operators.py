"""Operators on values: 64-bit arithmetic, equality, order, membership, indexing and selection."""

from __future__ import annotations

import math
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import (
    INT_MAX,
    INT_MIN,
    NONE,
    UINT_MAX,
    Duration,
    Omit,
    Opaque,
    OptionalValue,
    Timestamp,
    TypeValue,
    UInt,
    no_overload,
    some,
)

NUMBERS = frozenset((int, UInt, float))
# Classes for which Python's equality is CEL's if both sides have the same class.
NATIVE_EQUALITY = frozenset((int, UInt, float, str, bytes, bool, type(None), Timestamp, Duration, TypeValue))
# Classes for which Python's order is CEL's.
ORDERED = frozenset((int, UInt, float, str, bytes, bool, Timestamp, Duration))


def overflow() -> CelError:
    return CelError("integer overflow")


def int64(number: int) -> int:
    if INT_MIN <= number <= INT_MAX:
        return number
    raise overflow()


def uint64(number: int) -> UInt:
    if 0 <= number <= UINT_MAX:
        return UInt(number)
    raise CelError("unsigned integer overflow")


# Equality and order


def equal(a: Any, b: Any, budget: Budget) -> bool:
    """CEL's ``==``: numbers compare by value across types, lists and maps by content."""
    kind = type(a)
    if kind is type(b) and kind in NATIVE_EQUALITY:
        return bool(a == b)
    if kind in NUMBERS and type(b) in NUMBERS:
        return compare(a, b) == 0
    if isinstance(a, list) and isinstance(b, list):
        budget.spend(10 + 2 * len(a))
        return len(a) == len(b) and all(equal(x, y, budget) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) and _maps_equal(a, b, budget)
    if isinstance(a, OptionalValue) and isinstance(b, OptionalValue):
        return a.has_value == b.has_value and (not a.has_value or equal(a.value, b.value, budget))
    if isinstance(a, Omit) or isinstance(b, Omit):
        raise CelError("omit() cannot be compared")
    return isinstance(a, Opaque) and isinstance(b, Opaque) and a == b


def _maps_equal(a: dict[Any, Any], b: dict[Any, Any], budget: Budget) -> bool:
    budget.spend(10 + 4 * len(a))
    for key, value in a.items():
        found, other = lookup(b, key)
        if not found or not equal(value, other, budget):
            return False
    return True


def compare(a: Any, b: Any, operator: str = "_<_") -> int | None:
    """-1, 0 or 1, or None if one side is NaN. Raises CelError if the two have no order."""
    kind, other = type(a), type(b)
    if kind is not other:
        if kind not in NUMBERS or other not in NUMBERS:
            raise no_overload(operator, a, b)
        # As in Go, an integer is compared as a double if the double is in the range of the integer type.
        if kind is float and _in_range(a, other):
            b = float(b)
        elif other is float and _in_range(b, kind):
            a = float(a)
    elif kind not in ORDERED:
        raise no_overload(operator, a, b)
    return -1 if a < b else 1 if a > b else 0 if a == b else None


def _in_range(number: float, integer: type) -> bool:
    if integer is UInt:
        return 0.0 <= number <= 2.0**64
    return integer is int and -(2.0**63) <= number <= 2.0**63


# Arithmetic


def add(a: Any, b: Any, budget: Budget) -> Any:
    kind = type(a)
    if kind is type(b):
        if kind is int:
            return int64(a + b)
        if kind is str or kind is list or kind is bytes:
            budget.produce(len(a) + len(b))
            return a + b
        if kind is float:
            return a + b
        if kind is UInt:
            return uint64(int(a) + int(b))
        if kind is Duration:
            return Duration(a.ns + b.ns)
    elif kind is Timestamp and type(b) is Duration:
        return Timestamp(a.ns + b.ns, a.offset)
    elif kind is Duration and type(b) is Timestamp:
        return Timestamp(a.ns + b.ns, b.offset)
    if isinstance(a, list) and isinstance(b, list):
        budget.produce(len(a) + len(b))
        return [*a, *b]
    raise no_overload("_+_", a, b)


def subtract(a: Any, b: Any, budget: Budget) -> Any:
    kind = type(a)
    if kind is type(b):
        if kind is int:
            return int64(a - b)
        if kind is float:
            return a - b
        if kind is UInt:
            return uint64(int(a) - int(b))
        if kind is Duration or kind is Timestamp:
            return Duration(a.ns - b.ns)
    elif kind is Timestamp and type(b) is Duration:
        return Timestamp(a.ns - b.ns, a.offset)
    raise no_overload("_-_", a, b)


def multiply(a: Any, b: Any, budget: Budget) -> Any:
    kind = type(a)
    if kind is type(b):
        if kind is int:
            return int64(a * b)
        if kind is float:
            return a * b
        if kind is UInt:
            return uint64(int(a) * int(b))
    raise no_overload("_*_", a, b)


def divide(a: Any, b: Any, budget: Budget) -> Any:
    kind = type(a)
    if kind is type(b):
        if kind is float:
            return _divide_doubles(a, b)
        if kind is int or kind is UInt:
            if not b:
                raise CelError("division by zero")
            quotient = abs(int(a)) // abs(int(b))
            if kind is UInt:
                return UInt(quotient)
            return int64(quotient if (a < 0) == (b < 0) else -quotient)
    raise no_overload("_/_", a, b)


def _divide_doubles(a: float, b: float) -> float:
    if b:
        return a / b
    if not a or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def remainder(a: Any, b: Any, budget: Budget) -> Any:
    kind = type(a)
    if kind is type(b) and (kind is int or kind is UInt):
        if not b:
            raise CelError("modulus by zero")
        if a == INT_MIN and b == -1:
            raise overflow()
        rest = abs(int(a)) % abs(int(b))
        return UInt(rest) if kind is UInt else -rest if a < 0 else rest
    raise no_overload("_%_", a, b)


def negate(a: Any) -> Any:
    if type(a) is int:
        return int64(-a)
    if type(a) is float:
        return -a
    raise no_overload("-_", a)


# Containers


def lookup(mapping: dict[Any, Any], key: Any) -> tuple[bool, Any]:
    """(found, value). Unlike Python, CEL does not treat true and 1 as the same key."""
    kind = type(key)
    if kind is str:
        return (True, mapping[key]) if key in mapping else (False, None)
    if kind is float:
        if not key.is_integer():
            return False, None
    elif kind is not int and kind is not UInt and kind is not bool:
        return False, None
    if key in mapping:
        for existing in mapping:
            if existing == key and (type(existing) is bool) == (kind is bool):
                return True, mapping[existing]
    return False, None


def contains(value: Any, container: Any, budget: Budget) -> bool:
    """``value in container``."""
    if isinstance(container, dict):
        if type(value) in (list, dict):
            raise no_overload("@in", value, container)
        return lookup(container, value)[0]
    if isinstance(container, list):
        budget.spend(3 * len(container))
        return any(equal(value, element, budget) for element in container)
    raise no_overload("@in", value, container)


def list_index(key: Any) -> int | None:
    """The list index that a value denotes, or None if the value cannot be an index."""
    if type(key) is int or type(key) is UInt:
        return int(key)
    if type(key) is float and key.is_integer():
        return int(key)
    return None


def no_such_key(key: str = "") -> CelError:
    """Pass only names from the source of the expression: any other key may be secret data."""
    return CelError(f"no such key: {key}" if key else "no such key", pending=True)


def index(container: Any, key: Any) -> Any:
    """``container[key]``. A value without elements does not have the key yet, as in cel-go (kro §3.7)."""
    if isinstance(container, dict):
        if type(key) in (list, dict):
            raise no_overload("_[_]", container, key)
        found, value = lookup(container, key)
        if found:
            return value
        raise no_such_key()
    if isinstance(container, list):
        position = list_index(key)
        if position is None:
            raise no_overload("_[_]", container, key)
        if 0 <= position < len(container):
            return container[position]
        raise CelError("index out of bounds", pending=True)
    if isinstance(container, OptionalValue):
        return optional_index(container, key)
    raise no_such_key()


def optional_index(container: Any, key: Any) -> OptionalValue:
    """``container[?key]``, ``container.?key``, and every selection from an optional.

    Empty if the container is a value without elements.
    """
    if isinstance(container, OptionalValue):
        if not container.has_value:
            return NONE
        container = container.value
    if isinstance(container, dict):
        found, value = lookup(container, key)
        return some(value) if found else NONE
    if isinstance(container, list):
        position = list_index(key)
        if position is None:
            raise no_overload("_[?_]", container, key)
        return some(container[position]) if 0 <= position < len(container) else NONE
    return NONE


def select(operand: Any, name: str) -> Any:
    """``operand.name``. A value without fields, such as null, does not have the field yet (kro §3.7)."""
    if isinstance(operand, dict):
        if name in operand:
            return operand[name]
    elif isinstance(operand, OptionalValue):
        return optional_index(operand, name)
    elif isinstance(operand, list):
        raise no_overload("select", operand)
    raise no_such_key(name)


def has_field(operand: Any, name: str) -> bool:
    """``has(operand.name)`` for values that are not maps."""
    if isinstance(operand, OptionalValue):
        return optional_index(operand, name).has_value
    if isinstance(operand, list):
        raise no_overload("has", operand)
    return False


def require_bool(value: Any, where: str) -> bool:
    """Returns the value of a condition. Raises CelError if it is not a bool."""
    if value is True or value is False:
        return bool(value)
    raise no_overload(where, value)
