"""May a value of one type be written where another is expected? kro's structural rules (kro §3.5)."""

from __future__ import annotations

from contracts.cel.types.cel_types import DYN, NULL, STRING, ListType, MapType, OptionalType, StructType, Type

Seen = set[tuple[object, object]]
"""Pairs of structs that are being compared: schemas may contain themselves."""


def assignable(output: Type, expected: Type) -> str | None:
    """None when an expression of type ``output`` may stand at a place of type ``expected``, else the
    reason."""
    return _reason(output, expected, set())


def _reason(output: Type, expected: Type, seen: Seen) -> str | None:
    if isinstance(output, OptionalType):
        output = output.inner
    if DYN in (output, expected) or output == expected:
        return None
    if output == NULL and isinstance(expected, StructType):
        return None
    if isinstance(output, ListType) and isinstance(expected, ListType):
        return _within("list elements", _reason(output.element, expected.element, seen))
    if isinstance(output, MapType) and isinstance(expected, MapType):
        return _within("map keys", _reason(output.key, expected.key, seen)) or _within(
            "map values", _reason(output.value, expected.value, seen)
        )
    if isinstance(output, StructType) and isinstance(expected, StructType):
        return _struct_to_struct(output, expected, seen)
    if isinstance(output, MapType) and isinstance(expected, StructType):
        return _map_to_struct(output, expected, seen)
    if isinstance(output, StructType) and isinstance(expected, MapType):
        return _struct_to_map(output, expected, seen)
    return f'"{output}" is not "{expected}"'


def _within(where: str, reason: str | None) -> str | None:
    return f"{where}: {reason}" if reason else None


def _struct_to_struct(output: StructType, expected: StructType, seen: Seen) -> str | None:
    pair = (output.origin, expected.origin)
    if pair in seen:
        return None
    seen.add(pair)
    for field, kind in output.fields.items():
        if field not in expected.fields:
            if expected.preserve_unknown:
                continue
            return f'field "{field}" exists in output but not in expected type'
        reason = _reason(kind, expected.fields[field], seen)
        if reason:
            return f'field "{field}": {reason}'
    return None


def _map_to_struct(output: MapType, expected: StructType, seen: Seen) -> str | None:
    if output.key not in (STRING, DYN):
        return f'object keys must be "string", not "{output.key}"'
    for field, kind in expected.fields.items():
        reason = _reason(output.value, kind, seen)
        if reason:
            return f'map value is not assignable to field "{field}": {reason}'
    return None


def _struct_to_map(output: StructType, expected: MapType, seen: Seen) -> str | None:
    if expected.key not in (STRING, DYN):
        return f'object keys must be "string", not "{expected.key}"'
    for field, kind in output.fields.items():
        reason = _reason(kind, expected.value, seen)
        if reason:
            return f'field "{field}": {reason}'
    return None
