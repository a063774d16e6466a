"""cel-go's Math and Sets extensions. kro does not have them; the feature ``extras`` enables them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import F, function
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import INT_MAX, UINT_MAX, UInt, no_overload
from contracts.cel.values.operators import compare, contains, int64

NUMERIC = (int, UInt, float)


def extra(*signatures: str) -> Callable[[F], F]:
    return function(*signatures, feature="extras")


@extra("sets.contains(list(T), list(T)): bool")
def sets_contains(budget: Budget, whole: list[Any], part: list[Any]) -> bool:
    return all(contains(value, whole, budget) for value in part)


@extra("sets.intersects(list(T), list(T)): bool")
def sets_intersect(budget: Budget, left: list[Any], right: list[Any]) -> bool:
    return any(contains(value, left, budget) for value in right)


@extra("sets.equivalent(list(T), list(T)): bool")
def sets_equivalent(budget: Budget, left: list[Any], right: list[Any]) -> bool:
    return sets_contains(budget, left, right) and sets_contains(budget, right, left)


def _extreme(name: str, wanted: int) -> None:
    many = [f"math.{name}({', '.join(['dyn'] * count)}): dyn" for count in range(2, 8)]

    @extra(
        *(f"math.{name}({kind}): {kind}" for kind in ("int", "uint", "double")),
        f"math.{name}(list(T)): T",
        *many,
    )
    def extreme(*values: Any) -> Any:
        candidates = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        if not candidates:
            raise CelError(f"math.{name}() requires at least one value")
        best = None
        for value in candidates:
            if type(value) not in NUMERIC:
                raise no_overload(f"math.{name}", value)
            best = value if best is None or compare(value, best) == wanted else best
        return best


_extreme("greatest", 1)
_extreme("least", -1)


def _rounding(name: str, operation: Callable[[float], float]) -> None:
    @extra(f"math.{name}(double): double")
    def rounded(value: float) -> float:
        return math.copysign(float(operation(value)), value) if math.isfinite(value) else value


_rounding("ceil", math.ceil)
_rounding("floor", math.floor)
_rounding("trunc", math.trunc)
_rounding("round", lambda value: math.floor(abs(value) + 0.5))


@extra("math.isNaN(double): bool")
def is_nan(value: float) -> bool:
    return math.isnan(value)


@extra("math.isInf(double): bool")
def is_inf(value: float) -> bool:
    return math.isinf(value)


@extra("math.isFinite(double): bool")
def is_finite(value: float) -> bool:
    return math.isfinite(value)


@extra("math.abs(int): int")
def absolute(value: int) -> int:
    return int64(abs(value))


@extra("math.abs(uint): uint", "math.abs(double): double")
def absolute_same(value: Any) -> Any:
    return UInt(value) if type(value) is UInt else abs(value)


@extra("math.sqrt(int): double", "math.sqrt(uint): double", "math.sqrt(double): double")
def square_root(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


@extra("math.sign(int): int", "math.sign(uint): uint", "math.sign(double): double")
def sign(value: Any) -> Any:
    return value if value != value else type(value)((value > 0) - (value < 0))


def _wrap(number: int, like: Any) -> int:
    """The lowest 64 bits, as the type of ``like``."""
    number &= UINT_MAX
    if type(like) is UInt:
        return UInt(number)
    return number - (1 << 64) if number > INT_MAX else number


def _bits(name: str, operation: Callable[[int, int], int]) -> None:
    @extra(f"math.{name}(int, int): int", f"math.{name}(uint, uint): uint")
    def combined(left: int, right: int) -> int:
        return _wrap(operation(int(left), int(right)), left)


_bits("bitAnd", lambda a, b: a & b)
_bits("bitOr", lambda a, b: a | b)
_bits("bitXor", lambda a, b: a ^ b)


@extra("math.bitNot(int): int", "math.bitNot(uint): uint")
def bit_not(value: int) -> int:
    return _wrap(~int(value), value)


def _shift(name: str, operation: Callable[[int, int], int]) -> None:
    @extra(f"math.{name}(int, int): int", f"math.{name}(uint, int): uint")
    def shifted(value: int, places: int) -> int:
        if places < 0:
            raise CelError(f"math.{name}() cannot shift by a negative number")
        return _wrap(operation(int(value) & UINT_MAX, places) if places < 64 else 0, value)


_shift("bitShiftLeft", lambda value, places: value << places)
_shift("bitShiftRight", lambda value, places: value >> places)
