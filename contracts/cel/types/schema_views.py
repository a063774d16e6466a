"""Observed objects, converted by their schema (kro §3.6).

Secret data become bytes, dates become timestamps, and a property that is null counts as absent. When a whole
object is output, its original is used. Parts that need no conversion are not copied. Which fields need
conversion is computed once per type.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.types.cel_types import (
    BYTES,
    DOUBLE,
    DURATION,
    TIMESTAMP,
    ListType,
    MapType,
    OptionalType,
    StructType,
    Type,
)
from contracts.cel.values.cel_values import TypedList, TypedMap
from contracts.cel.values.times import parse_date, parse_duration

View = Callable[[Any], Any]


def wrap(value: object, type: Type) -> object:
    """The value as expressions see it. A string that does not match its format remains a string."""
    try:
        return _value(value, type)
    except RecursionError:
        raise CelError("the object is nested too deeply") from None


def _bytes(text: str) -> Any:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text


def _parsed_as(parse: Callable[[str], Any]) -> View:
    def view(text: str) -> Any:
        try:
            return parse(text)
        except CelError:
            return text

    return view


LEAVES: dict[Type, View] = {
    BYTES: _bytes,
    TIMESTAMP: _parsed_as(parse_date),
    DURATION: _parsed_as(parse_duration),
}


def _value(value: Any, kind: Type) -> Any:
    if isinstance(value, dict):
        if isinstance(kind, StructType):
            return _struct(value, kind)
        if isinstance(kind, MapType) and _convertible(kind.value) is not None:
            return _map(value, kind.value)
    elif isinstance(value, list):
        if isinstance(kind, ListType) and _convertible(kind.element) is not None:
            return _list(value, kind.element)
    elif isinstance(value, str):
        leaf = LEAVES.get(kind)
        if leaf is not None:
            return leaf(value)
    elif kind is DOUBLE and type(value) is int:
        return float(value)
    return value


def _convertible(kind: Type) -> Type | None:
    """The type, if values of it may need conversion, else None."""
    while isinstance(kind, (ListType, OptionalType, MapType)):
        kind = (
            kind.element
            if isinstance(kind, ListType)
            else kind.inner
            if isinstance(kind, OptionalType)
            else kind.value
        )
    return kind if isinstance(kind, StructType) or kind is DOUBLE or kind in LEAVES else None


def _struct(value: dict[str, Any], kind: StructType) -> dict[str, Any]:
    plans = kind.conversion_plans
    converted: dict[str, Any] = {}
    nulls = False
    for name, item in value.items():
        if item is None:
            nulls = True
            continue
        try:
            plan = plans[name]
        except KeyError:
            plan = plans[name] = (
                kind.fields[name] if name in kind.fields and _convertible(kind.fields[name]) else None
            )
        if plan is not None:
            result = _value(item, plan)
            if result is not item:
                converted[name] = result
    if nulls:
        present = {name: converted.get(name, item) for name, item in value.items() if item is not None}
        return TypedMap(present, value)
    return TypedMap({**value, **converted}, value) if converted else value


def _map(value: dict[str, Any], kind: Type) -> dict[str, Any]:
    converted = {name: _value(item, kind) for name, item in value.items()}
    unchanged = all(converted[name] is item for name, item in value.items())
    return value if unchanged else TypedMap(converted, value)


def _list(value: list[Any], kind: Type) -> list[Any]:
    converted = [_value(item, kind) for item in value]
    unchanged = all(a is b for a, b in zip(converted, value, strict=True))
    return value if unchanged else TypedList(converted, value)
