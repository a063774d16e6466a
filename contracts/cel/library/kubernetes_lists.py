"""Kubernetes' Lists library."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import method
from contracts.cel.library.lists import comparable, in_order
from contracts.cel.limits import Budget
from contracts.cel.operators import add, compare, equal


@comparable("list(T).isSorted(): bool")
def is_sorted(budget: Budget, values: list[Any]) -> bool:
    budget.spend(len(values))
    return all((compare(a, b) or 0) <= 0 for a, b in pairwise(values))


@method("list(int).sum(): int", "list(uint).sum(): uint", "list(double).sum(): double")
@method("list(duration).sum(): duration")
def total(budget: Budget, values: list[Any]) -> Any:
    """Of an empty list the int 0: at run time an empty list says nothing of its type."""
    budget.spend(len(values))
    result = values[0] if values else 0
    for value in values[1:]:
        result = add(result, value, budget)
    return result


@comparable("list(T).min(): T")
def smallest(budget: Budget, values: list[Any]) -> Any:
    return _some(in_order(budget, values, "min"), "min")[0]


@comparable("list(T).max(): T")
def largest(budget: Budget, values: list[Any]) -> Any:
    return _some(in_order(budget, values, "max"), "max")[-1]


def _some(values: list[Any], name: str) -> list[Any]:
    if not values:
        raise CelError(f"{name}() was called on an empty list")
    return values


@method("list(T).indexOf(T): int")
def index_of(budget: Budget, values: list[Any], wanted: Any) -> int:
    budget.spend(3 * len(values))
    return next((place for place, value in enumerate(values) if equal(value, wanted, budget)), -1)


@method("list(T).lastIndexOf(T): int")
def last_index_of(budget: Budget, values: list[Any], wanted: Any) -> int:
    budget.spend(3 * len(values))
    places = range(len(values) - 1, -1, -1)
    return next((place for place in places if equal(values[place], wanted, budget)), -1)
