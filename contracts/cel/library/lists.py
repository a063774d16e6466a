"""cel-go's Lists extension."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import F, function, method
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import NONE, OptionalValue, no_overload, some
from contracts.cel.values.operators import ORDERED, compare, contains

COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")


def comparable(signature: str) -> Callable[[F], F]:
    """A method of lists of comparable elements. ``T`` in the signature is replaced by each such type."""
    return method(*(signature.replace("T", element) for element in COMPARABLE))


def sorted_elements(budget: Budget, values: list[Any], name: str) -> list[Any]:
    """The sorted elements, which must all have one comparable type; int and double differ."""
    budget.spend(len(values) * len(values).bit_length())
    classes = set(map(type, values))
    if classes - ORDERED or len(classes) > 1:
        raise no_overload(name, values)
    if float not in classes:
        return sorted(values)
    return sorted(values, key=cmp_to_key(lambda a, b: compare(a, b, name) or 0))


@comparable("list(T).sort(): list(T)")
def sort(budget: Budget, values: list[Any]) -> list[Any]:
    return sorted_elements(budget, values, "sort")


@method("list(T).distinct(): list(T)")
def distinct(budget: Budget, values: list[Any]) -> list[Any]:
    budget.spend(len(values))
    if all(type(value) is str for value in values):
        return list(dict.fromkeys(values))
    found: list[Any] = []
    for value in values:
        if not contains(value, found, budget):
            found.append(value)
    return found


@method("list(T).slice(int, int): list(T)")
def slice_of(budget: Budget, values: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(values):
        raise CelError("slice(): the range is outside the list")
    budget.produce(end - start)
    return values[start:end]


@method("list(T).reverse(): list(T)")
def reverse(budget: Budget, values: list[Any]) -> list[Any]:
    budget.produce(len(values))
    return values[::-1]


@method("list(T).first(): optional(T)")
def first(values: list[Any]) -> OptionalValue:
    return some(values[0]) if values else NONE


@method("list(T).last(): optional(T)")
def last(values: list[Any]) -> OptionalValue:
    return some(values[-1]) if values else NONE


@method("list(list(T)).flatten(): list(T)")
@method("list(dyn).flatten(int): list(dyn)")
def flatten(budget: Budget, values: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CelError("flatten(): the depth must not be negative")
    found: list[Any] = []
    budget.spend(10 + len(values))
    for value in values:
        if isinstance(value, list) and depth > 0:
            found.extend(flatten(budget, value, depth - 1))
        else:
            found.append(value)
    budget.produce(len(found))
    return found


@function("lists.range(int): list(int)")
def integers(budget: Budget, count: int) -> list[int]:
    budget.produce(max(0, count))
    return list(range(count))
