"""The fields of a contract as a flat table for its page in the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.forms.fields.constraints import format_limits, is_immutable
from catalog.forms.fields.field_types import DEEPEST, Schema, children_of, field_type_of, item_schema
from catalog.forms.fields.hints import hint_for, in_display_order, join_path
from catalog.forms.fields.scalars import to_text
from contracts.compiler import FormHints

_NAMES = {
    "text": "string",
    "lines": "string",
    "integer": "integer",
    "number": "number",
    "flexible": "integer or string",
    "quantity": "quantity",
    "secret": "name of a Secret",
    "boolean": "boolean",
    "object": "object",
    "yaml": "any YAML",
}


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One row: ``depth`` is its indentation."""

    dotted_path: str
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
        return self.dotted_path.rpartition(".")[2]


def field_table(schema: Schema, hints: FormHints) -> list[FieldFact]:
    return list(_rows(schema, hints, "", 0))


def _rows(schema: Schema, hints: FormHints, dotted_path: str, depth: int) -> Iterator[FieldFact]:
    required = schema.get("required") or ()
    properties = children_of(schema)
    for name in in_display_order(list(properties), hints, dotted_path):
        child = properties[name]
        here = join_path(dotted_path, name)
        field_type = field_type_of(child, widget=hint_for(hints, here).widget)
        yield FieldFact(
            dotted_path=here,
            depth=depth,
            type=_format_type(child, hints, here),
            required=name in required and "default" not in child,
            default=to_text("text", child["default"])
            if "default" in child and field_type != "object"
            else "",
            limits=format_limits(child),
            choices=tuple(to_text("choice", value) for value in child.get("enum", ())),
            pattern=str(child.get("pattern") or ""),
            description=hint_for(hints, here).help or str(child.get("description") or ""),
            immutable=is_immutable(child),
        )
        if depth < DEEPEST:
            inner, suffix = (child, "") if field_type == "object" else (item_schema(child), "[]")
            yield from _rows(inner, hints, f"{here}{suffix}", depth + 1)


def _format_type(schema: Schema, hints: FormHints, dotted_path: str) -> str:
    field_type = field_type_of(schema, widget=hint_for(hints, dotted_path).widget)
    if field_type == "choice":
        return "one of"
    if field_type == "list":
        return f"list of {_many(_format_type(item_schema(schema), hints, f'{dotted_path}[]'))}"
    if field_type == "map":
        return f"map of {_many(_format_type(item_schema(schema), hints, f'{dotted_path}[]'))}"
    return _NAMES[field_type]


def _many(item_type: str) -> str:
    plurals = {"string": "strings", "integer": "integers", "number": "numbers", "object": "objects"}
    return plurals.get(item_type, item_type)
