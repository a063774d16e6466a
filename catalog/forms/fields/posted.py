"""Reads a posted form into values. Rows keep their tokens, and values of hidden fields are carried along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.forms.fields.field_types import (
    SCALARS,
    FieldType,
    Schema,
    children_of,
    field_type_of,
    item_schema,
)
from catalog.forms.fields.hints import hint_for, is_shown
from catalog.forms.fields.input_names import KEY, VALUE, escape, is_row, unescape
from catalog.forms.fields.position import Position
from catalog.forms.fields.rows import Raw, apply_operation
from catalog.forms.fields.scalars import from_text
from catalog.forms.yaml_text import from_yaml
from contracts.compiler import FormHints
from contracts.documents.paths import MISSING, Path


@dataclass(slots=True)
class Posted:
    """A form post, read.

    ``data``: the values; blank inputs and hidden branches are absent. ``names``: path → name of its input.
    ``rows``: name of a list or map → its rows in order, as (token, index or key; None for a row without a
    value). ``typed``: name of an input → its text. ``problems``: name of an input → messages. ``parked``:
    (name, text) of inputs that are hidden now, to be sent again.
    """

    data: dict[str, Any] = field(default_factory=dict)
    names: dict[Path, str] = field(default_factory=dict)
    rows: dict[str, list[tuple[str, int | str | None]]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    parked: list[tuple[str, str]] = field(default_factory=list)
    added: str = ""  # name of the row that the operation added, which gets the focus


def read_posted(
    schema: Schema, hints: FormHints, pairs: Iterable[tuple[str, str]], operation: str = ""
) -> Posted:
    """``pairs`` in the order of the body; names without a leading slash do not belong to the form.

    ``operation`` is that of a button, such as ``add:/ports`` (:mod:`catalog.forms.fields.rows`).
    """
    pairs = [(name, text) for name, text in pairs if name.startswith("/")]
    posted = Posted(typed=dict(pairs))
    tree = _tree(pairs)
    if operation:
        posted.added = apply_operation(tree, operation)
    value = _Reader(posted, hints).object(schema, tree, Position())
    posted.data = {} if value is MISSING else value
    return posted


def _tree(pairs: Iterable[tuple[str, str]]) -> Raw:
    """Nested dicts of tokens. The last value of a name wins: a hidden ``false`` before a checked ``true``."""
    root: Raw = {}
    for name, text in pairs:
        *parents, last = name[1:].split("/")
        at = root
        for token in parents:
            deeper = at.get(token)
            if not isinstance(deeper, dict):
                deeper = at[token] = {}
            at = deeper
        if not isinstance(at.get(last), dict):
            at[last] = text
    return root


class _Reader:
    """Walks the schema and the posted tree together, filling a :class:`Posted`."""

    def __init__(self, posted: Posted, hints: FormHints) -> None:
        self.posted = posted
        self.hints = hints

    def value(self, schema: Schema, raw: Any, at: Position, *, required: bool = False) -> Any:
        field_type = field_type_of(schema, widget=hint_for(self.hints, at.dotted_path).widget, depth=at.depth)
        self.posted.names[at.path] = at.name
        nested = raw if isinstance(raw, dict) else {}
        if field_type == "object":
            value = self.object(schema, nested, at)
            return {} if value is MISSING and required else value
        if field_type == "list":
            return self.list(schema, nested, at)
        if field_type == "map":
            return self.map(schema, nested, at)
        return self.scalar(field_type, schema, raw, at.name)

    def object(self, schema: Schema, raw: Raw, at: Position) -> Any:
        properties = children_of(schema)
        required = schema.get("required") or ()
        values: dict[str, Any] = {}
        for key, child in properties.items():
            posted = raw.get(escape(key), MISSING)
            value = self.value(child, posted, at.property(key), required=key in required)
            if value is not MISSING:
                values[key] = value
        for token, text in raw.items():
            if unescape(token) not in properties and token not in (KEY, VALUE):
                values[unescape(token)] = _as_posted(text)
        return self._without_hidden(schema, values, at)

    def _without_hidden(self, schema: Schema, values: dict[str, Any], at: Position) -> Any:
        for key in children_of(schema):
            child = at.property(key)
            if not is_shown(hint_for(self.hints, child.dotted_path), schema, values):
                values.pop(key, None)
                self._park(child.name)
        return values or MISSING

    def _park(self, name: str) -> None:
        for posted, text in self.posted.typed.items():
            if text and (posted == name or posted.startswith(f"{name}/")):
                self.posted.parked.append((posted, text))

    def list(self, schema: Schema, raw: Raw, at: Position) -> Any:
        items: list[Any] = []
        rows: list[tuple[str, int | str | None]] = []
        for token, body in self._rows_of(raw, at.name):
            value = self._row(schema, body, at, token, len(items))
            rows.append((token, None if value is MISSING else len(items)))
            if value is not MISSING:
                items.append(value)
        self.posted.rows[at.name] = rows
        return items or MISSING

    def map(self, schema: Schema, raw: Raw, at: Position) -> Any:
        entries: dict[str, Any] = {}
        rows: list[tuple[str, int | str | None]] = []
        for token, body in self._rows_of(raw, at.name):
            key_name = f"{at.name}/{token}/{KEY}"
            key = str(body.get(KEY, "")).strip() if isinstance(body, dict) else ""
            value = self._row(schema, body, at, token, key)
            if key in entries:
                self._problem(key_name, f"Duplicate key “{key}”.")
            elif not key and value is not MISSING and value != {}:
                self._problem(key_name, "Enter a key.")
            usable = bool(key) and key not in entries
            rows.append((token, key if usable else None))
            if usable:
                empty = _EMPTY.get(field_type_of(item_schema(schema)), "")
                entries[key] = empty if value is MISSING else value
        self.posted.rows[at.name] = rows
        return entries or MISSING

    def _rows_of(self, raw: Raw, name: str) -> Iterable[tuple[str, Any]]:
        for token, body in raw.items():
            if is_row(token):
                yield token, body
            else:
                self._problem(name, f"“{unescape(token)}” is not a row of this list.")

    def _row(self, schema: Schema, body: Any, at: Position, token: str, step: int | str) -> Any:
        """The value of one row; that of a scalar is posted as ``#value`` beside its key."""
        item = item_schema(schema)
        scalar = field_type_of(item, depth=at.depth + 1) in SCALARS | {"yaml"}
        if scalar and isinstance(body, dict):
            body = body.get(VALUE, MISSING)
        row = at.row(token, step, scalar=scalar, of_map=field_type_of(schema) == "map")
        return self.value(item, body, row, required=True)

    def scalar(self, field_type: FieldType, schema: Schema, raw: Any, name: str) -> Any:
        if raw is MISSING:
            return MISSING
        if isinstance(raw, dict):
            return _as_posted(raw)
        if field_type == "yaml":
            value, problem = from_yaml(raw)
        else:
            value, problem = from_text(field_type, schema, raw)
        if problem:
            self._problem(name, problem)
        return value

    def _problem(self, name: str, message: str) -> None:
        self.posted.problems.setdefault(name, []).append(message)


_EMPTY: dict[FieldType, Any] = {"list": [], "map": {}, "yaml": {}}


def _as_posted(raw: Any) -> Any:
    """Input that matches no field of the schema, retained so that a problem can name it."""
    if isinstance(raw, Mapping):
        return {unescape(token): _as_posted(part) for token, part in raw.items()}
    return raw
