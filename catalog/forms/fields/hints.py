"""How the author of a contract wants a field shown: title, order, group, and when it shows at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.forms.fields.field_types import Schema, children_of
from contracts.compiler import FieldHint, FormHints

NO_HINT = FieldHint("")
_AFTER_ALL = 10_000


def hint_for(hints: FormHints, place: str) -> FieldHint:
    """``place`` is the dotted path below ``spec``; rows are ``[]``, for maps ``{}`` is understood as well."""
    if place in hints.fields:
        return hints.fields[place]
    return hints.fields.get(place.replace("{}", "[]"), NO_HINT)


def place_below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def in_order(names: Sequence[str], hints: FormHints, place: str) -> list[str]:
    """Fields with an order come first; the rest keep the order of the schema."""

    def rank(numbered: tuple[int, str]) -> tuple[int, int]:
        position, name = numbered
        order = hint_for(hints, place_below(place, name)).order
        return (_AFTER_ALL if order is None else order, position)

    return [name for _, name in sorted(enumerate(names), key=rank)]


def shows(hint: FieldHint, schema: Schema, siblings: Mapping[str, Any]) -> bool:
    """Whether ``hint.when`` holds: ``{size: custom}`` or ``{size: [custom, large]}`` over the fields beside
    it.

    ``schema`` is that of the object they are in: what is not given counts as its default.
    """
    for name, wanted in hint.when.items():
        default = children_of(schema).get(name, {}).get("default")
        have = siblings.get(name, default)
        if not any(type(one) is type(have) and one == have for one in _as_list(wanted)):
            return False
    return True


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
