"""May a value of one type be written where another is expected? kro's structural rules (kro §3.5)."""

from __future__ import annotations

from contracts.cel.types import DYN, STRING, ListType, MapType, OptionalType, StructType, Type

MAX_LEVELS = 32


def assignable(output: Type, expected: Type) -> str | None:
    """None when an expression of type ``output`` may stand at a place of type ``expected``, else the
    reason."""
    return _reason(output, expected, 0)


def _reason(output: Type, expected: Type, level: int) -> str | None:
    if isinstance(output, OptionalType):
        output = output.inner
    if DYN in (output, expected) or output == expected or level > MAX_LEVELS:
        return None
    if isinstance(output, ListType) and isinstance(expected, ListType):
        return _within("list elements", _reason(output.element, expected.element, level + 1))
    if isinstance(output, MapType) and isinstance(expected, MapType):
        return _within("map keys", _reason(output.key, expected.key, level + 1)) or _within(
            "map values", _reason(output.value, expected.value, level + 1)
        )
    if isinstance(output, StructType) and isinstance(expected, StructType):
        return _struct_to_struct(output, expected, level)
    if isinstance(output, MapType) and isinstance(expected, StructType):
        return _map_to_struct(output, expected, level)
    if isinstance(output, StructType) and isinstance(expected, MapType):
        return _struct_to_map(output, expected, level)
    return f'"{output}" is not "{expected}"'


def _within(where: str, reason: str | None) -> str | None:
    return f"{where}: {reason}" if reason else None


def _struct_to_struct(output: StructType, expected: StructType, level: int) -> str | None:
    for field, kind in output.fields.items():
        if field not in expected.fields:
            if expected.preserve_unknown:
                continue
            return f'field "{field}" exists in output but not in expected type'
        reason = _reason(kind, expected.fields[field], level + 1)
        if reason:
            return f'field "{field}": {reason}'
    return None


def _map_to_struct(output: MapType, expected: StructType, level: int) -> str | None:
    if output.key not in (STRING, DYN):
        return f'the keys of an object are "string", not "{output.key}"'
    for field, kind in expected.fields.items():
        reason = _reason(output.value, kind, level + 1)
        if reason:
            return f'map value does not fit field "{field}": {reason}'
    return None


def _struct_to_map(output: StructType, expected: MapType, level: int) -> str | None:
    if expected.key not in (STRING, DYN):
        return f'the keys of an object are "string", not "{expected.key}"'
    for field, kind in output.fields.items():
        reason = _reason(kind, expected.value, level + 1)
        if reason:
            return f'field "{field}": {reason}'
    return None
