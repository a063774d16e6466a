"""The signatures of operators, for the checker."""

from __future__ import annotations

from contracts.cel.functions import Overload
from contracts.cel.types.signatures import read_type

NUMBERS = ("int", "uint", "double")
SCALARS = ("bool", *NUMBERS, "string", "bytes", "timestamp", "duration")


def _overload(*kinds: str) -> Overload:
    *params, result = map(read_type, kinds)
    return Overload(tuple(params), result, _overload)


def _same(kinds: tuple[str, ...]) -> list[Overload]:
    return [_overload(kind, kind, kind) for kind in kinds]


# Numbers of different types can be compared at run time, but kro's checker requires one type (kro §3.5).
ORDER = [_overload(kind, kind, "bool") for kind in SCALARS]
MIXED_ORDER = ORDER + [
    _overload(left, right, "bool") for left in NUMBERS for right in NUMBERS if left != right
]
EQUALITY = [_overload("T", "T", "bool")]

OPERATIONS: dict[str, list[Overload]] = {
    "_+_": [
        *_same((*NUMBERS, "string", "bytes", "duration")),
        _overload("timestamp", "duration", "timestamp"),
        _overload("duration", "timestamp", "timestamp"),
        _overload("list(T)", "list(T)", "list(T)"),
    ],
    "_-_": [
        *_same((*NUMBERS, "duration")),
        _overload("timestamp", "timestamp", "duration"),
        _overload("timestamp", "duration", "timestamp"),
    ],
    "_*_": _same(NUMBERS),
    "_/_": _same(NUMBERS),
    "_%_": _same(("int", "uint")),
    "_==_": EQUALITY,
    "_!=_": EQUALITY,
    "_<_": ORDER,
    "_<=_": ORDER,
    "_>_": ORDER,
    "_>=_": ORDER,
    "_in_": [_overload("T", "list(T)", "bool"), _overload("K", "map(K, V)", "bool")],
    "_[_]": [_overload("list(T)", "int", "T"), _overload("map(K, V)", "K", "V")],
    "!_": [_overload("bool", "bool")],
    "-_": [_overload("int", "int"), _overload("double", "double")],
}
EXTRA_OPERATIONS = {**OPERATIONS, **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), MIXED_ORDER)}
"""In validation rules of schemas, the API server also compares numbers of different types."""
