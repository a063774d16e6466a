"""Errors that constant arguments make certain: bad patterns, format strings and duplicate keys.

cel-go rejects most of them at compile time; the others would always fail at run time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.cel.errors import CelError
from contracts.cel.library.formatting import VERBS, clauses
from contracts.cel.library.kubernetes.regex import compiled
from contracts.cel.syntax.nodes import Call, ListLiteral, Literal, MapLiteral, Node
from contracts.cel.types.cel_types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    ListType,
    MapType,
    Type,
    TypeParam,
    TypeType,
)

Fault = tuple[Node, str, str]
"""Node, message and hint."""

PATTERNS = frozenset(("matches", "find", "findAll"))
NUMBERS = frozenset((INT, UINT, DOUBLE))
ACCEPTED_TYPES = {
    "d": NUMBERS,
    "f": NUMBERS,
    "e": NUMBERS,
    "b": frozenset((INT, UINT, BOOL)),
    "o": frozenset((INT, UINT)),
    "x": frozenset((INT, UINT, STRING, BYTES)),
    "X": frozenset((INT, UINT, STRING, BYTES)),
    "s": NUMBERS | {STRING, BYTES, BOOL, NULL, TIMESTAMP, DURATION},
}


def in_call(node: Call, kinds: Sequence[Type]) -> Iterator[Fault]:
    """``kinds`` are the types of the elements of the list literal that is passed to ``format``."""
    if node.function in PATTERNS and node.args:
        yield from _pattern(node.args[0 if node.target is not None else -1])
    elif node.function == "format" and isinstance(node.target, Literal):
        yield from _format(node.target, node.args[0], kinds)


def _pattern(node: Node) -> Iterator[Fault]:
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        return
    try:
        compiled(node.value)
    except CelError:
        yield (
            node,
            "This is not a valid RE2 regular expression.",
            "RE2 does not support look-around or backreferences.",
        )


def _format(text: Literal, values: Node, kinds: Sequence[Type]) -> Iterator[Fault]:
    verbs = clauses(text.value)
    for verb in verbs:
        if verb not in VERBS:
            yield text, f"format() does not support “%{verb}”.", f"Supported: %{', %'.join(VERBS)} and %%."
    if not isinstance(values, ListLiteral) or any(optional for optional, _ in values.items):
        return
    if len(verbs) != len(values.items):
        message = f"Clauses in the format string: {len(verbs)}; values in the list: {len(values.items)}."
        yield values, message, "Write one clause, such as %s, for each value."
        return
    for verb, (_, item), kind in zip(verbs, values.items, kinds, strict=True):
        if verb in ACCEPTED_TYPES and not _accepted(kind, verb):
            yield item, f"format(): “%{verb}” does not accept {kind}.", "Convert the value first."


def _accepted(kind: Type, verb: str) -> bool:
    if kind is DYN or isinstance(kind, TypeParam) or kind in ACCEPTED_TYPES[verb]:
        return True
    return verb == "s" and isinstance(kind, (ListType, MapType, TypeType))


def in_map(node: MapLiteral) -> Iterator[Fault]:
    """Duplicate keys."""
    seen: set[tuple[type, object]] = set()
    for _, key, _ in node.entries:
        if isinstance(key, Literal):
            identity = (type(key.value), key.value)
            if identity in seen:
                yield key, "Duplicate key in the map.", "Remove one of them."
            seen.add(identity)
