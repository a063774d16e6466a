"""Optional values."""

from __future__ import annotations

from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import (
    NONE,
    TIME_MIN,
    Duration,
    OptionalValue,
    Timestamp,
    no_overload,
    some,
)

ZEROS = (None, Duration(0), Timestamp(TIME_MIN))


@function("optional.of(T): optional(T)")
def of(value: Any) -> OptionalValue:
    return some(value)


@function("optional.none(): optional(T)")
def none() -> OptionalValue:
    return NONE


@function("optional.ofNonZeroValue(T): optional(T)")
def of_non_zero_value(value: Any) -> OptionalValue:
    empty = not value if isinstance(value, (bool, int, float, str, bytes, list, dict)) else value in ZEROS
    return NONE if empty else some(value)


@method("optional(T).hasValue(): bool")
def has_value(optional: OptionalValue) -> bool:
    return optional.has_value


@method("optional(T).value(): T")
def value_of(optional: OptionalValue) -> Any:
    if not optional.has_value:
        raise CelError("optional.none() dereference")
    return optional.value


@method("optional(T).or(optional(T)): optional(T)")
def either(optional: OptionalValue, other: OptionalValue) -> OptionalValue:
    return optional if optional.has_value else other


@method("optional(T).orValue(T): T")
def or_value(optional: OptionalValue, other: Any) -> Any:
    return optional.value if optional.has_value else other


@function("optional.unwrap(list(optional(T))): list(T)")
@method("list(optional(T)).unwrapOpt(): list(T)")
def unwrap(budget: Budget, optionals: list[Any]) -> list[Any]:
    budget.produce(len(optionals))
    for optional in optionals:
        if not isinstance(optional, OptionalValue):
            raise no_overload("optional.unwrap", optional)
    return [optional.value for optional in optionals if optional.has_value]
