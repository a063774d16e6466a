"""The fields of a contract as a flat table, for its page in the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.forms.fields.constraints import is_immutable, limits_in_words
from catalog.forms.fields.field_types import DEEPEST, Schema, children_of, item_schema, kind_of
from catalog.forms.fields.hints import hint_for, in_order, place_below
from catalog.forms.fields.scalars import to_text
from contracts.compiler import FormHints

_SPOKEN = {
    "text": "text",
    "lines": "text",
    "integer": "integer",
    "number": "number",
    "flexible": "integer or text",
    "quantity": "quantity",
    "secret": "name of a Secret",
    "boolean": "yes or no",
    "object": "group",
    "yaml": "free form",
}


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One row: ``place`` is the dotted path, ``depth`` its indentation."""

    place: str
    depth: int
    type: str
    required: bool
    default: str
    limits: str
    choices: tuple[str, ...]
    pattern: str
    description: str
    immutable: bool

    @property
    def indent(self) -> range:
        return range(self.depth)

    @property
    def last(self) -> str:
        return self.place.rpartition(".")[2]


def field_table(schema: Schema, hints: FormHints) -> list[FieldFact]:
    return list(_rows(schema, hints, "", 0))


def _rows(schema: Schema, hints: FormHints, place: str, depth: int) -> Iterator[FieldFact]:
    required = schema.get("required") or ()
    properties = children_of(schema)
    for name in in_order(list(properties), hints, place):
        child = properties[name]
        here = place_below(place, name)
        kind = kind_of(child, widget=hint_for(hints, here).widget)
        yield FieldFact(
            place=here,
            depth=depth,
            type=_type_in_words(child, hints, here),
            required=name in required and "default" not in child,
            default=to_text("text", child["default"]) if "default" in child and kind != "object" else "",
            limits=limits_in_words(child),
            choices=tuple(to_text("choice", value) for value in child.get("enum", ())),
            pattern=str(child.get("pattern") or ""),
            description=hint_for(hints, here).help or str(child.get("description") or ""),
            immutable=is_immutable(child),
        )
        if depth < DEEPEST:
            inner, suffix = (child, "") if kind == "object" else (item_schema(child), "[]")
            yield from _rows(inner, hints, f"{here}{suffix}", depth + 1)


def _type_in_words(schema: Schema, hints: FormHints, place: str) -> str:
    kind = kind_of(schema, widget=hint_for(hints, place).widget)
    if kind == "choice":
        return "one of"
    if kind == "list":
        return f"list of {_many(_type_in_words(item_schema(schema), hints, f'{place}[]'))}"
    if kind == "map":
        return f"map of {_many(_type_in_words(item_schema(schema), hints, f'{place}[]'))}"
    return _SPOKEN[kind]


def _many(type_in_words: str) -> str:
    plurals = {"text": "texts", "integer": "integers", "number": "numbers", "group": "groups"}
    return plurals.get(type_in_words, type_in_words)
