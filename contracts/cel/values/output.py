"""CEL values back to JSON, as kro writes them into manifests (kro §3.6)."""

from __future__ import annotations

from typing import Any

from contracts.cel.errors import CelError, LimitExceeded
from contracts.cel.limits import DEFAULT, Budget, Limits
from contracts.cel.values.cel_values import (
    OMIT,
    TIME_MIN,
    Duration,
    OptionalValue,
    SeenList,
    SeenMap,
    Timestamp,
    UInt,
    type_name,
)
from contracts.cel.values.operators import int64
from contracts.cel.values.times import duration_go_text, timestamp_utc_text

SCALARS = frozenset((str, int, bool, type(None)))


def to_json(value: object, limits: Limits = DEFAULT) -> Any:
    """The JSON value: uint becomes an integer, times become text, an empty optional and the zero time null.

    ``OMIT`` removes its own map key or list element; on top it is returned as it is, and the caller removes
    what it stands for. Bytes, and whatever JSON has no form for, raise CelError. Parts that need no change
    are shared with the input.
    """
    try:
        return _json(value, Budget(limits))
    except RecursionError:
        raise LimitExceeded("the value is nested too deeply") from None


def _json(value: Any, budget: Budget) -> Any:
    kind = type(value)
    if kind in SCALARS:
        return value
    if kind is float:
        return _number(value)
    if isinstance(value, (SeenMap, SeenList)):
        value = value.raw
    if isinstance(value, list):
        budget.produce(8 + len(value))
        return [item for item in (_json(item, budget) for item in value) if item is not OMIT]
    if isinstance(value, dict):
        return _object(value, budget)
    if kind is UInt:
        return int64(int(value))
    if kind is OptionalValue:
        return _json(value.value, budget) if value.has_value else None
    if kind is Timestamp:
        return timestamp_utc_text(value) if value.ns != TIME_MIN else None
    if kind is Duration:
        return duration_go_text(value)
    if value is OMIT:
        return OMIT
    if kind is bytes:
        raise CelError("bytes cannot be used directly as a value; wrap them in string() or base64.encode()")
    raise CelError(f"a value of type {type_name(value)} cannot be used directly; convert it first")


def _number(value: float) -> Any:
    """A double without a fraction is written as an integer, as Go's JSON does."""
    if value != value or value in (float("inf"), float("-inf")):
        raise CelError("NaN and infinity cannot be used as values")
    if value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def _object(value: dict[Any, Any], budget: Budget) -> dict[str, Any]:
    budget.produce(8 + len(value))
    found: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise CelError("map keys must be strings")
        converted = _json(item, budget)
        if converted is not OMIT:
            found[key] = converted
    return found
