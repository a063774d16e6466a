"""Observed objects as their schema sees them (kro §3.6).

Secret data become bytes, dates become timestamps, and a property that is null counts as absent. What is
written somewhere as a whole is written as it was observed. Parts that need no change are not copied. What a
schema asks for is worked out once per type, on the way.
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
from contracts.cel.values.cel_values import SeenList, SeenMap
from contracts.cel.values.times import parse_date, parse_duration

View = Callable[[Any], Any]


def wrap(value: object, type: Type) -> object:
    """The value as expressions see it. Texts that are not what their format says stay texts."""
    try:
        return _value(value, type)
    except RecursionError:
        raise CelError("the object is nested too deeply") from None


def _bytes(text: str) -> Any:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text


def _parsed(parse: Callable[[str], Any]) -> View:
    def view(text: str) -> Any:
        try:
            return parse(text)
        except CelError:
            return text

    return view


LEAVES: dict[Type, View] = {BYTES: _bytes, TIMESTAMP: _parsed(parse_date), DURATION: _parsed(parse_duration)}


def _value(value: Any, kind: Type) -> Any:
    if isinstance(value, dict):
        if isinstance(kind, StructType):
            return _struct(value, kind)
        if isinstance(kind, MapType) and _plan(kind.value) is not None:
            return _map(value, kind.value)
    elif isinstance(value, list):
        if isinstance(kind, ListType) and _plan(kind.element) is not None:
            return _list(value, kind.element)
    elif isinstance(value, str):
        leaf = LEAVES.get(kind)
        if leaf is not None:
            return leaf(value)
    elif kind is DOUBLE and type(value) is int:
        return float(value)
    return value


def _plan(kind: Type) -> Type | None:
    """The type, when values of it may have to change; None when they never do."""
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
    plans = kind.views
    changed: dict[str, Any] = {}
    nulls = False
    for name, item in value.items():
        if item is None:
            nulls = True
            continue
        try:
            plan = plans[name]
        except KeyError:
            plan = plans[name] = (
                kind.fields[name] if name in kind.fields and _plan(kind.fields[name]) else None
            )
        if plan is not None:
            seen = _value(item, plan)
            if seen is not item:
                changed[name] = seen
    if nulls:
        present = {name: changed.get(name, item) for name, item in value.items() if item is not None}
        return SeenMap(present, value)
    return SeenMap({**value, **changed}, value) if changed else value


def _map(value: dict[str, Any], kind: Type) -> dict[str, Any]:
    seen = {name: _value(item, kind) for name, item in value.items()}
    same = all(seen[name] is item for name, item in value.items())
    return value if same else SeenMap(seen, value)


def _list(value: list[Any], kind: Type) -> list[Any]:
    seen = [_value(item, kind) for item in value]
    return value if all(a is b for a, b in zip(seen, value, strict=True)) else SeenList(seen, value)
