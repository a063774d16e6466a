"""The contract author's hints for a field: title, order and group."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.compiler import FieldHint, FormHints

NO_HINT = FieldHint("")
_LAST = 10_000


def hint_for(hints: FormHints, dotted_path: str) -> FieldHint:
    """``dotted_path`` is below ``spec``; rows are ``[]``, or ``{}`` for maps."""
    if dotted_path in hints.fields:
        return hints.fields[dotted_path]
    return hints.fields.get(dotted_path.replace("{}", "[]"), NO_HINT)


def join_path(dotted_path: str, key: str) -> str:
    return f"{dotted_path}.{key}" if dotted_path else key


def in_display_order(names: Sequence[str], hints: FormHints, dotted_path: str) -> list[str]:
    """Fields with an explicit order first, then the rest in the order of the schema."""

    def rank(numbered: tuple[int, str]) -> tuple[int, int]:
        position, name = numbered
        order = hint_for(hints, join_path(dotted_path, name)).order
        return (_LAST if order is None else order, position)

    return [name for _, name in sorted(enumerate(names), key=rank)]
