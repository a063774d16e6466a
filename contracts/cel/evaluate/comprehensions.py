"""Closures for macros: loops over lists and maps, and the two that unwrap an optional.

Every loop pays for all its rounds before the first one: rounds times the nodes of its body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cmp_to_key
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.evaluate.calls import Frame, Run
from contracts.cel.values import operators
from contracts.cel.values.cel_values import NONE, OptionalValue, no_overload, some


def build(name: str, target: Run, places: list[int], body: list[Run], weight: int) -> Run:
    """The closure of one macro. ``places`` are where the frame keeps its variables."""
    if name in ("optMap", "optFlatMap"):
        return _unwrap(target, places[0], body[0], name)
    if name in ("all", "exists"):
        return _quantifier(target, places, body[0], weight, name == "exists")
    return LOOPS[name](target, places, body, weight)


def _elements(frame: Frame, target: Run, weight: int) -> Iterable[Any]:
    """What a macro with one variable goes through: elements, or keys."""
    value = target(frame)
    if not isinstance(value, (list, dict)):
        raise no_overload("comprehension", value)
    frame[1].spend(len(value) * weight)
    return value


def _pairs(frame: Frame, target: Run, weight: int) -> Iterable[tuple[Any, Any]]:
    """What a macro with two variables goes through: (index, element), or (key, value)."""
    value = _elements(frame, target, weight)
    return value.items() if isinstance(value, dict) else enumerate(value)


def _rounds(frame: Frame, target: Run, places: list[int], weight: int) -> Iterator[Any]:
    """Set the variables for every round; yields what the round is about."""
    if len(places) == 1:
        (place,) = places
        for element in _elements(frame, target, weight):
            frame[place] = element
            yield element
    else:
        first, second = places
        for key, value in _pairs(frame, target, weight):
            frame[first], frame[second] = key, value
            yield key


def _quantifier(target: Run, places: list[int], condition: Run, weight: int, decisive: bool) -> Run:
    """``exists`` is decided by a true, ``all`` by a false; errors count only when nothing decides."""

    def run(frame: Frame) -> bool:
        failure: CelError | None = None
        value: object
        for _ in _rounds(frame, target, places, weight):
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


def _exists_one(target: Run, places: list[int], body: list[Run], weight: int) -> Run:
    condition = body[0]

    def run(frame: Frame) -> bool:
        found = 0
        for _ in _rounds(frame, target, places, weight):
            found += operators.truth(condition(frame), "exists_one")
        return found == 1

    return run


def _filter(target: Run, places: list[int], body: list[Run], weight: int) -> Run:
    condition, (place,) = body[0], places

    def run(frame: Frame) -> list[Any]:
        found = []
        for element in _elements(frame, target, weight):
            frame[place] = element
            value = condition(frame)
            if value is True:
                found.append(element)
            elif value is not False:
                raise no_overload("filter", value)
        return found

    return run


def _map(target: Run, places: list[int], body: list[Run], weight: int) -> Run:
    result, condition = body[-1], _condition(body)
    if condition is None and len(places) == 1:
        (place,) = places

        def plain(frame: Frame) -> list[Any]:
            found = []
            for element in _elements(frame, target, weight):
                frame[place] = element
                found.append(result(frame))
            return found

        return plain

    def run(frame: Frame) -> list[Any]:
        return [
            result(frame)
            for _ in _rounds(frame, target, places, weight)
            if condition is None or operators.truth(condition(frame), "map")
        ]

    return run


def _transform_map(target: Run, places: list[int], body: list[Run], weight: int) -> Run:
    result, condition = body[-1], _condition(body)

    def run(frame: Frame) -> dict[Any, Any]:
        return {
            key: result(frame)
            for key in _rounds(frame, target, places, weight)
            if condition is None or operators.truth(condition(frame), "transformMap")
        }

    return run


def _transform_entries(target: Run, places: list[int], body: list[Run], weight: int) -> Run:
    result, condition = body[-1], _condition(body)

    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in _rounds(frame, target, places, weight):
            if condition is not None and not operators.truth(condition(frame), "transformMapEntry"):
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


def _sort_by(target: Run, places: list[int], body: list[Run], weight: int) -> Run:
    key, (place,) = body[0], places

    def run(frame: Frame) -> list[Any]:
        rows: list[tuple[Any, Any]] = []
        for element in _elements(frame, target, weight):
            frame[place] = element
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


def _unwrap(target: Run, place: int, body: Run, name: str) -> Run:
    """``optMap`` wraps what the body gives; ``optFlatMap``'s body gives an optional itself."""

    def run(frame: Frame) -> Any:
        optional = target(frame)
        if not isinstance(optional, OptionalValue):
            raise no_overload(name, optional)
        if not optional.has_value:
            return NONE
        frame[place] = optional.value
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
