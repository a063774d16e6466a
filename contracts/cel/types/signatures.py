"""Parse signatures: ``list(T).slice(int, int): list(T)`` or ``lists.range(int): list(int)``."""

from __future__ import annotations

import re
from functools import lru_cache

from contracts.cel.types.cel_types import (
    CONSTRUCTORS,
    ListType,
    MapType,
    OptionalType,
    Type,
    TypeParam,
    TypeType,
)

WORD = re.compile(r"[A-Za-z0-9_.]+")


def function_signature(text: str) -> tuple[str, tuple[Type, ...], Type]:
    """Name, parameters and result of a function that has no receiver."""
    name, _, rest = text.partition("(")
    params, _, result = rest.rpartition("): ")
    return name, _type_list(params), read_type(result)


def method_signature(text: str) -> tuple[str, tuple[Type, ...], Type]:
    """Name, parameters and result of a method; the receiver is the first parameter."""
    receiver, rest = _take_type(text, 0)
    name, params, result = function_signature(text[rest + 1 :])
    return name, (receiver, *params), result


@lru_cache(maxsize=512)
def read_type(text: str) -> Type:
    return _take_type(text.strip(), 0)[0]


def _type_list(text: str) -> tuple[Type, ...]:
    found: list[Type] = []
    position = 0
    while position < len(text):
        one, position = _take_type(text, position)
        found.append(one)
        position += len(text[position:]) - len(text[position:].lstrip(", "))
    return tuple(found)


def _take_type(text: str, position: int) -> tuple[Type, int]:
    """The type at ``position``, and its end. The dot of a method ends a type without parameters."""
    match = WORD.match(text, position)
    if match is None:
        raise ValueError(f"no type in {text!r} at {position}")
    word = match.group()
    if word in ("list", "map", "optional", "type") and text[match.end() : match.end() + 1] == "(":
        parts: list[Type] = []
        position = match.end() + 1
        while text[position] != ")":
            part, position = _take_type(text, position)
            parts.append(part)
            while text[position] in ", ":
                position += 1
        return _parametric(word, parts), position + 1
    while word not in CONSTRUCTORS and "." in word:
        word = word.rpartition(".")[0]
    end = match.start() + len(word)
    if len(word) == 1 and word.isupper():
        return TypeParam(word), end
    return CONSTRUCTORS[word], end


def _parametric(word: str, parts: list[Type]) -> Type:
    if word == "map":
        return MapType(parts[0], parts[1])
    return {"list": ListType, "optional": OptionalType, "type": TypeType}[word](parts[0])
