"""Convert CEL values to JSON, as kro writes them into manifests (kro §3.6)."""

from __future__ import annotations

from typing import Any

from contracts.cel.errors import CelError, LimitExceeded
from contracts.cel.limits import DEFAULT, Budget, Limits
from contracts.cel.values.cel_values import (
    OMIT,
    TIME_MIN,
    Duration,
    Omit,
    OptionalValue,
    Timestamp,
    TypedList,
    TypedMap,
    UInt,
    type_name,
)
from contracts.cel.values.operators import int64
from contracts.cel.values.times import format_duration_go, format_timestamp_utc

SCALARS = frozenset((str, int, bool, type(None)))


def to_json(value: object, limits: Limits = DEFAULT) -> Any:
    """The JSON value. A uint becomes an integer, a timestamp or duration a string; an empty optional and the
    zero timestamp become null.

    ``OMIT`` removes its own map key or list element. At the top level it is returned, and the caller removes
    the field. Raises CelError for bytes and for other values that JSON cannot represent.
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
    if isinstance(value, (TypedMap, TypedList)):
        value = value.raw
    if isinstance(value, list):
        budget.produce(8 + len(value))
        return [item for item in (_json(item, budget) for item in value) if item is not OMIT]
    if isinstance(value, dict):
        return _object(value, budget)
    if kind is OptionalValue:
        return _json(value.value, budget) if value.has_value else None
    return _cel_scalar(value)


def _cel_scalar(value: Any) -> Any:
    """A value of a type that JSON does not have."""
    match value:
        case UInt():
            return int64(int(value))
        case Timestamp():
            return format_timestamp_utc(value) if value.ns != TIME_MIN else None
        case Duration():
            return format_duration_go(value)
        case Omit():
            return OMIT
        case bytes():
            raise CelError(
                "bytes cannot be used directly as a value; wrap them in string() or base64.encode()"
            )
    raise CelError(f"a value of type {type_name(value)} cannot be used directly; convert it first")


def _number(value: float) -> Any:
    """A double without a fraction becomes an integer, as in Go's JSON encoding."""
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
