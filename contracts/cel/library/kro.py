"""kro's own functions: random, maps, JSON, hashes, list edits, omit (kro §3.4)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.library.conversions import positional, shortest_digits
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import OMIT, Omit, TypedList, TypedMap, UInt, no_overload, type_name
from contracts.cel.values.output import to_json

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
FNV_OFFSET = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3


@function("random.seededString(int, string): string")
def seeded_string(budget: Budget, length: int, seed: str) -> str:
    """Repeats after eight characters, as in kro: existing names must not change (Q-08)."""
    if length <= 0:
        raise CelError("random.seededString(): the length must be greater than 0")
    budget.produce(length)
    budget.spend(len(seed) >> 4)
    digest = hashlib.sha256(seed.encode()).digest()
    word = "".join(ALPHABET[int.from_bytes(digest[at : at + 4], "big") % 36] for at in range(0, 32, 4))
    return (word * (length // 8 + 1))[:length]


@function("random.seededInt(int, int, string): int")
def seeded_int(budget: Budget, low: int, high: int, seed: str) -> int:
    """A number in [low, high)."""
    budget.spend(len(seed) >> 4)
    if low >= high:
        raise CelError("random.seededInt(): the minimum must be less than the maximum")
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    return low + number % (high - low)


@method("map(K, V).merge(map(K, V)): map(K, V)")
def merge(budget: Budget, left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
    budget.produce(len(left) + len(right))
    return {**left, **right}


@method("dyn.deepMerge(dyn): dyn")
def deep_merge(budget: Budget, left: Any, right: Any) -> Any:
    """Merges maps at every level; for other values the right side wins."""
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise no_overload("deepMerge", left, right)
    budget.produce(len(left) + len(right))
    budget.spend(10)
    merged = dict(left)
    for key, value in right.items():
        existing = merged.get(key)
        both = isinstance(existing, dict) and isinstance(value, dict)
        merged[key] = deep_merge(budget, existing, value) if both else value
    return merged


@function("json.unmarshal(string): dyn")
def unmarshal(budget: Budget, text: str) -> Any:
    """Every number becomes a double, as in Go."""
    budget.produce(len(text))
    try:
        if "\\ud" in text or "\\uD" in text:
            text = _replace_lone_surrogates(text)
        return json.loads(text, parse_int=_double, parse_float=_double, parse_constant=_reject_constant)
    except ValueError:
        raise CelError("json.unmarshal(): the string is not valid JSON") from None


def _replace_lone_surrogates(text: str) -> str:
    """Lone surrogates become the replacement character, as in Go."""
    read = json.dumps(json.loads(text), ensure_ascii=False)
    return read.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _double(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("out of range")
    return number


def _reject_constant(word: str) -> Any:
    raise ValueError("JSON has no such constant")


@function("json.marshal(dyn): string")
def marshal(budget: Budget, value: Any) -> str:
    """Go's encoding: sorted keys, no spaces, ``<``, ``>`` and ``&`` escaped, bytes as base64."""
    parts: list[str] = []
    _encode(budget, value, parts)
    return "".join(parts)


def _encode(budget: Budget, value: Any, parts: list[str]) -> None:
    budget.produce(4)
    budget.spend(16)
    if isinstance(value, (TypedMap, TypedList)):
        value = value.raw
    if value is None or value is True or value is False:
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, str):
        budget.produce(len(value))
        parts.append(_quoted(value))
    elif isinstance(value, (int, UInt)):
        parts.append(str(int(value)))
    elif isinstance(value, float):
        parts.append(_number(value))
    elif isinstance(value, bytes):
        budget.produce(len(value) * 4 // 3)
        parts.append(_quoted(base64.b64encode(value).decode("ascii")))
    elif isinstance(value, list):
        _encode_items(budget, value, parts)
    elif isinstance(value, dict):
        _encode_entries(budget, value, parts)
    elif isinstance(value, Omit):
        raise CelError("json.marshal() does not accept omit()")
    else:
        _encode(budget, to_json(value), parts)


def _encode_items(budget: Budget, values: list[Any], parts: list[str]) -> None:
    parts.append("[")
    budget.produce(16)
    for number, value in enumerate(values):
        if number:
            parts.append(",")
        _encode(budget, value, parts)
    parts.append("]")


def _encode_entries(budget: Budget, values: dict[Any, Any], parts: list[str]) -> None:
    for key in values:
        if not isinstance(key, str):
            raise CelError(f"json.marshal(): map keys must be strings, not {type_name(key)}")
    parts.append("{")
    for number, key in enumerate(sorted(values)):
        if number:
            parts.append(",")
        parts.append(_quoted(key) + ":")
        _encode(budget, values[key], parts)
    parts.append("}")


GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
GO_TABLE = str.maketrans(GO_ESCAPES)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(GO_TABLE)


def _number(value: float) -> str:
    """Go writes an exponent below 1e-6 and from 1e21."""
    if value != value or value in (float("inf"), float("-inf")):
        raise CelError("json.marshal() does not accept NaN or infinity")
    digits, exponent = shortest_digits(value)
    sign = "-" if value < 0 or str(value).startswith("-") else ""
    if value == 0 or -7 < exponent < 21:
        return sign + positional(digits, exponent)
    mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}".replace("e-0", "e-")


@function("hash.fnv64a(string): bytes")
def fnv64a(budget: Budget, text: str) -> bytes:
    budget.spend(len(text))
    number = FNV_OFFSET
    for byte in text.encode():
        number = (number ^ byte) * FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return number.to_bytes(8, "big")


@function("hash.sha256(string): bytes")
def sha256(budget: Budget, text: str) -> bytes:
    budget.spend(len(text) >> 4)
    return hashlib.sha256(text.encode()).digest()


@function("hash.md5(string): bytes")
def md5(budget: Budget, text: str) -> bytes:
    budget.spend(len(text) >> 4)
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def _copy_for_edit(budget: Budget, values: list[Any], index: int, last: int, name: str) -> list[Any]:
    """A copy of the list. An index out of bounds is an error, not pending, as in kro (kro §3.4)."""
    if not 0 <= index < last:
        raise CelError(f"{name}(): the index is out of bounds for this list")
    budget.produce(len(values) + 1)
    return list(values)


@function("lists.setAtIndex(list(T), int, T): list(T)")
def set_at_index(budget: Budget, values: list[Any], index: int, value: Any) -> list[Any]:
    copy = _copy_for_edit(budget, values, index, len(values), "lists.setAtIndex")
    copy[index] = value
    return copy


@function("lists.insertAtIndex(list(T), int, T): list(T)")
def insert_at_index(budget: Budget, values: list[Any], index: int, value: Any) -> list[Any]:
    copy = _copy_for_edit(budget, values, index, len(values) + 1, "lists.insertAtIndex")
    copy.insert(index, value)
    return copy


@function("lists.removeAtIndex(list(T), int): list(T)")
def remove_at_index(budget: Budget, values: list[Any], index: int) -> list[Any]:
    copy = _copy_for_edit(budget, values, index, len(values), "lists.removeAtIndex")
    del copy[index]
    return copy


@function("omit(): dyn", feature="omit")
def omit() -> Omit:
    return OMIT
