"""Closures for macros: comprehensions over lists and maps, and the macros that unwrap an optional.

A comprehension is charged for all its iterations before the first one: iterations times nodes of its body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cmp_to_key
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.evaluate.calls import Frame, Run
from contracts.cel.values import operators
from contracts.cel.values.cel_values import NONE, OptionalValue, no_overload, some


def build(name: str, target: Run, slots: list[int], body: list[Run], weight: int) -> Run:
    """The closure of one macro. ``slots`` are the indexes of its variables in the frame."""
    if name in ("optMap", "optFlatMap"):
        return _unwrap(target, slots[0], body[0], name)
    if name in ("all", "exists"):
        return _quantifier(target, slots, body[0], weight, name == "exists")
    return LOOPS[name](target, slots, body, weight)


def _elements(frame: Frame, target: Run, weight: int) -> Iterable[Any]:
    """The range of a macro with one variable: elements of a list, or keys of a map."""
    value = target(frame)
    if not isinstance(value, (list, dict)):
        raise no_overload("comprehension", value)
    frame[1].spend(len(value) * weight)
    return value


def _pairs(frame: Frame, target: Run, weight: int) -> Iterable[tuple[Any, Any]]:
    """The range of a macro with two variables: (index, element), or (key, value)."""
    value = _elements(frame, target, weight)
    return value.items() if isinstance(value, dict) else enumerate(value)


def _iterate(frame: Frame, target: Run, slots: list[int], weight: int) -> Iterator[Any]:
    """Sets the variables for each iteration, and yields the element, index or key."""
    if len(slots) == 1:
        (slot,) = slots
        for element in _elements(frame, target, weight):
            frame[slot] = element
            yield element
    else:
        first, second = slots
        for key, value in _pairs(frame, target, weight):
            frame[first], frame[second] = key, value
            yield key


def _quantifier(target: Run, slots: list[int], condition: Run, weight: int, decisive: bool) -> Run:
    """``exists`` is decided by true, ``all`` by false. Errors are raised only if no element decides."""

    def run(frame: Frame) -> bool:
        failure: CelError | None = None
        value: object
        for _ in _iterate(frame, target, slots, weight):
            try:
                value = condition(frame)
            except CelError as error:
                failure = failure or error
                continue
            if value is decisive:
                return decisive
            if value is not True and value is not False:
                failure = failure or no_overload("condition", value)
        if failure is not None:
            raise failure
        return not decisive

    return run


def _exists_one(target: Run, slots: list[int], body: list[Run], weight: int) -> Run:
    condition = body[0]

    def run(frame: Frame) -> bool:
        found = 0
        for _ in _iterate(frame, target, slots, weight):
            found += operators.require_bool(condition(frame), "exists_one")
        return found == 1

    return run


def _filter(target: Run, slots: list[int], body: list[Run], weight: int) -> Run:
    condition, (slot,) = body[0], slots

    def run(frame: Frame) -> list[Any]:
        found = []
        for element in _elements(frame, target, weight):
            frame[slot] = element
            value = condition(frame)
            if value is True:
                found.append(element)
            elif value is not False:
                raise no_overload("filter", value)
        return found

    return run


def _map(target: Run, slots: list[int], body: list[Run], weight: int) -> Run:
    result, condition = body[-1], _condition(body)
    if condition is None and len(slots) == 1:
        (slot,) = slots

        def plain(frame: Frame) -> list[Any]:
            found = []
            for element in _elements(frame, target, weight):
                frame[slot] = element
                found.append(result(frame))
            return found

        return plain

    def run(frame: Frame) -> list[Any]:
        return [
            result(frame)
            for _ in _iterate(frame, target, slots, weight)
            if condition is None or operators.require_bool(condition(frame), "map")
        ]

    return run


def _transform_map(target: Run, slots: list[int], body: list[Run], weight: int) -> Run:
    result, condition = body[-1], _condition(body)

    def run(frame: Frame) -> dict[Any, Any]:
        return {
            key: result(frame)
            for key in _iterate(frame, target, slots, weight)
            if condition is None or operators.require_bool(condition(frame), "transformMap")
        }

    return run


def _transform_entries(target: Run, slots: list[int], body: list[Run], weight: int) -> Run:
    result, condition = body[-1], _condition(body)

    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in _iterate(frame, target, slots, weight):
            if condition is not None and not operators.require_bool(condition(frame), "transformMapEntry"):
                continue
            entries = result(frame)
            if not isinstance(entries, dict):
                raise no_overload("transformMapEntry", entries)
            for key, value in entries.items():
                if key in found:
                    raise CelError("transformMapEntry() produced a duplicate key")
                found[key] = value
        return found

    return run


def _by_key(one: tuple[Any, Any], other: tuple[Any, Any]) -> int:
    return operators.compare(one[0], other[0], "sortBy") or 0


def _sort_by(target: Run, slots: list[int], body: list[Run], weight: int) -> Run:
    key, (slot,) = body[0], slots

    def run(frame: Frame) -> list[Any]:
        rows: list[tuple[Any, Any]] = []
        for element in _elements(frame, target, weight):
            frame[slot] = element
            rows.append((key(frame), element))
        frame[1].spend(len(rows) * len(rows).bit_length())
        classes = {type(row[0]) for row in rows}
        if len(classes) > 1 or classes - operators.ORDERED:
            raise no_overload("sortBy", *(row[0] for row in rows[:2]))
        rows.sort(key=cmp_to_key(_by_key))
        return [element for _, element in rows]

    return run


def _condition(body: list[Run]) -> Run | None:
    return body[0] if len(body) == 2 else None


def _unwrap(target: Run, slot: int, body: Run, name: str) -> Run:
    """``optMap`` wraps the result of its body; the body of ``optFlatMap`` returns an optional."""

    def run(frame: Frame) -> Any:
        optional = target(frame)
        if not isinstance(optional, OptionalValue):
            raise no_overload(name, optional)
        if not optional.has_value:
            return NONE
        frame[slot] = optional.value
        value = body(frame)
        if name == "optMap":
            return some(value)
        if not isinstance(value, OptionalValue):
            raise no_overload(name, value)
        return value

    return run


LOOPS: dict[str, Callable[[Run, list[int], list[Run], int], Run]] = {
    "exists_one": _exists_one,
    "existsOne": _exists_one,
    "filter": _filter,
    "map": _map,
    "transformList": _map,
    "transformMap": _transform_map,
    "transformMapEntry": _transform_entries,
    "sortBy": _sort_by,
}
