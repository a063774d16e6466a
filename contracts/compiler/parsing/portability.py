"""What Slipway accepts and kro rejects: reported as warnings, to keep definitions portable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts import cel
from contracts.cel.syntax.nodes import Field, Has, walk

CEL_KEYWORDS = frozenset(("true", "false", "null", "in"))
"""Keywords of CEL that kro's parser does not accept as field names."""


@dataclass(frozen=True, slots=True)
class KroRefuses:
    """``start`` and ``end`` are offsets into the expression."""

    message: str
    hint: str
    start: int
    end: int


def refused_by_kro(expression: cel.Expression) -> Iterator[KroRefuses]:
    """“${” in single quotes, fields in backticks or named like keywords, ``has()`` of an optional field."""
    source = expression.source
    try:
        closing_as_kro(source, 0)
    except NestedForKro as nested:
        message = "kro ignores the single quotes around “${” here."
        yield KroRefuses(
            message, "Use double quotes inside the expression.", nested.offset, nested.offset + 2
        )
    for node in walk(expression.node):
        if not isinstance(node, Field):
            continue
        start, end = node.field_start, node.field_start + len(node.field)
        if source[start : start + 1] == "`":
            message = "kro does not support names in backticks."
            hint = f'Write ["{node.field}"] for a key of a map; in a field of a schema “-” is “__dash__”.'
            yield KroRefuses(message, hint, start, end + 2)
        elif node.field in CEL_KEYWORDS:
            message = f"kro cannot select a field called “{node.field}”."
            yield KroRefuses(message, "Choose another name for the field.", start, end)
        elif isinstance(node, Has) and node.optional:
            message = "kro's has() does not support “.?”."
            yield KroRefuses(message, "Write a.?b.hasValue().", start, end)


def closing_as_kro(text: str, start: int) -> int | None:
    """Where kro ends the expression that starts at ``start``: it handles only double quotes (quirk 6).

    None when it finds no end. Raises :class:`NestedForKro` for a “${” inside, which kro rejects at once.
    """
    depth, quoted, at = 1, False, start
    while at < len(text):
        char = text[at]
        if quoted and char == "\\":
            at += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted and char == "$" and text.startswith("${", at) and text[at - 1 : at] != '"':
            raise NestedForKro(at)
        elif not quoted and char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at
        at += 1
    return None


class NestedForKro(Exception):
    """``offset`` is that of the inner “${”."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset
