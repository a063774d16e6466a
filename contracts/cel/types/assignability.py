"""Whether a value of one type may be assigned to a field of another: kro's structural rules (kro §3.5)."""

from __future__ import annotations

from contracts.cel.types.cel_types import DYN, NULL, STRING, ListType, MapType, OptionalType, StructType, Type

Visited = set[tuple[object, object]]
"""Pairs of structs that are being compared, since schemas may be recursive."""


def assignable(output: Type, expected: Type) -> str | None:
    """None if ``output`` is assignable to a field of type ``expected``, else the reason why not."""
    return _reason(output, expected, set())


def _reason(output: Type, expected: Type, visited: Visited) -> str | None:
    if isinstance(output, OptionalType):
        output = output.inner
    if DYN in (output, expected) or output == expected:
        return None
    if output == NULL and isinstance(expected, StructType):
        return None
    if isinstance(output, ListType) and isinstance(expected, ListType):
        return _within("list elements", _reason(output.element, expected.element, visited))
    if isinstance(output, MapType) and isinstance(expected, MapType):
        return _within("map keys", _reason(output.key, expected.key, visited)) or _within(
            "map values", _reason(output.value, expected.value, visited)
        )
    if isinstance(output, StructType) and isinstance(expected, StructType):
        return _struct_to_struct(output, expected, visited)
    if isinstance(output, MapType) and isinstance(expected, StructType):
        return _map_to_struct(output, expected, visited)
    if isinstance(output, StructType) and isinstance(expected, MapType):
        return _struct_to_map(output, expected, visited)
    return f'"{output}" is not "{expected}"'


def _within(where: str, reason: str | None) -> str | None:
    return f"{where}: {reason}" if reason else None


def _struct_to_struct(output: StructType, expected: StructType, visited: Visited) -> str | None:
    pair = (output.origin, expected.origin)
    if pair in visited:
        return None
    visited.add(pair)
    for field, kind in output.fields.items():
        if field not in expected.fields:
            if expected.preserve_unknown:
                continue
            return f'field "{field}" exists in output but not in expected type'
        reason = _reason(kind, expected.fields[field], visited)
        if reason:
            return f'field "{field}": {reason}'
    return None


def _map_to_struct(output: MapType, expected: StructType, visited: Visited) -> str | None:
    if output.key not in (STRING, DYN):
        return f'object keys must be "string", not "{output.key}"'
    for field, kind in expected.fields.items():
        reason = _reason(output.value, kind, visited)
        if reason:
            return f'map value is not assignable to field "{field}": {reason}'
    return None


def _struct_to_map(output: StructType, expected: MapType, visited: Visited) -> str | None:
    if expected.key not in (STRING, DYN):
        return f'object keys must be "string", not "{expected.key}"'
    for field, kind in output.fields.items():
        reason = _reason(kind, expected.value, visited)
        if reason:
            return f'field "{field}": {reason}'
    return None
