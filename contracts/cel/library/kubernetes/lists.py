"""Kubernetes' Lists library."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import method
from contracts.cel.library.lists import comparable
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import Duration, UInt, no_overload
from contracts.cel.values.operators import ORDERED, add, compare, equal

SUMMABLE = frozenset((int, UInt, float, Duration))


@comparable("list(T).isSorted(): bool")
def is_sorted(budget: Budget, values: list[Any]) -> bool:
    budget.spend(len(values))
    if not ORDERED.issuperset(map(type, values)):
        raise no_overload("isSorted", values)
    return all((compare(a, b) or 0) <= 0 for a, b in pairwise(values))


@method(
    "list(int).sum(): int",
    "list(uint).sum(): uint",
    "list(double).sum(): double",
    "list(duration).sum(): duration",
)
def total(budget: Budget, values: list[Any]) -> Any:
    """The sum of an empty list is the int 0, because its element type is not known at run time."""
    budget.spend(len(values))
    result = values[0] if values else 0
    if type(result) not in SUMMABLE:
        raise no_overload("sum", values)
    for value in values[1:]:
        result = add(result, value, budget)
    return result


@comparable("list(T).min(): T")
def smallest(budget: Budget, values: list[Any]) -> Any:
    return _extreme(budget, values, "min", -1)


@comparable("list(T).max(): T")
def largest(budget: Budget, values: list[Any]) -> Any:
    return _extreme(budget, values, "max", 1)


def _extreme(budget: Budget, values: list[Any], name: str, wanted: int) -> Any:
    """The first of the largest or smallest elements; numbers of different types are comparable."""
    if not values:
        raise CelError(f"{name}() was called on an empty list")
    budget.spend(len(values))
    best = values[0]
    if type(best) not in ORDERED:
        raise no_overload(name, values)
    for value in values[1:]:
        if compare(value, best, name) == wanted:
            best = value
    return best


@method("list(T).indexOf(T): int")
def index_of(budget: Budget, values: list[Any], wanted: Any) -> int:
    budget.spend(3 * len(values))
    return next((index for index, value in enumerate(values) if equal(value, wanted, budget)), -1)


@method("list(T).lastIndexOf(T): int")
def last_index_of(budget: Budget, values: list[Any], wanted: Any) -> int:
    budget.spend(3 * len(values))
    places = range(len(values) - 1, -1, -1)
    return next((index for index in places if equal(values[index], wanted, budget)), -1)
