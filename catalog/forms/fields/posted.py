"""Reads a posted form into values.

The values are those that the form was opened with, changed where the browser posted something else than what
the form showed. Nothing else is read, so no value depends on how an input shows it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.forms.fields.conditions import Conditions
from catalog.forms.fields.constraints import is_immutable
from catalog.forms.fields.field_types import (
    SCALARS,
    FieldType,
    Schema,
    children_of,
    field_type_of,
    is_absent,
    item_schema,
    property_schemas,
)
from catalog.forms.fields.hints import hint_for
from catalog.forms.fields.input_names import (
    KEY,
    SOURCE,
    VALUE,
    escape,
    is_row,
    row_position,
    row_token,
    unescape,
)
from catalog.forms.fields.position import Position
from catalog.forms.fields.rows import Raw, apply_operation
from catalog.forms.fields.scalar_fields import fill, new_field, read_posted_text
from catalog.forms.fields.scalars import is_same_text
from catalog.forms.yaml_text import identical
from contracts.compiler import FormHints
from contracts.documents.paths import MISSING, Path


@dataclass(frozen=True, slots=True)
class Opened:
    """What the form was opened with: the values of ``spec``, and whether an existing instance is edited."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    editing: bool = False


@dataclass(slots=True)
class Posted:
    """A form post, read.

    ``data``: the values. ``names``: path → name of its input. ``rows``: name of a list or map → its rows in
    order, as (token, index or key; None for a row without a value). ``sources``: name of a list or map → what
    its rows were rendered from, as (``value`` or ``default``, their number). ``typed``: name of an input →
    its text. ``problems``: name of an input → messages. ``parked``: (name, text) of inputs that are hidden
    now, to be sent again.
    """

    data: dict[str, Any] = field(default_factory=dict)
    names: dict[Path, str] = field(default_factory=dict)
    rows: dict[str, list[tuple[str, int | str | None]]] = field(default_factory=dict)
    sources: dict[str, tuple[str, int]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    parked: list[tuple[str, str]] = field(default_factory=list)
    added: str = ""  # name of the row that the operation added, which gets the focus


def read_posted(
    schema: Schema,
    hints: FormHints,
    pairs: Iterable[tuple[str, str]],
    operation: str = "",
    opened: Opened | None = None,
) -> Posted:
    """``pairs`` in the order of the body; names without a leading slash do not belong to the form.

    ``operation`` is that of a button, such as ``add:/ports`` (:mod:`catalog.forms.fields.rows`), or
    ``default:/ports``: show the default again. What is not posted stays as it was opened.
    """
    opened = opened or Opened()
    pairs = [(name, text) for name, text in pairs if name.startswith("/")]
    verb, _, target = operation.partition(":")
    if verb == "default" and target:
        pairs = [(name, text) for name, text in pairs if not name.startswith(f"{target}/")]
        pairs.append((f"{target}/{SOURCE}", _RESET))
    posted = Posted(typed=dict(pairs))
    tree = _tree(pairs)
    if operation:
        posted.added = apply_operation(tree, operation)
    reader = _Reader(posted, hints, Conditions(schema, hints, opened.spec))
    value = reader.object(schema, tree, Position(), _Origin(opened.spec, (), opened.editing))
    posted.data = copy.deepcopy(value) if isinstance(value, dict) else {}
    _Hiding(posted, schema, hints, reader.hidden_before).run()
    return posted


_RESET = "reset"


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


@dataclass(frozen=True, slots=True)
class _Origin:
    """A value that the form was opened with, or ``MISSING``, and its path; ``editing``: see ``Opened``."""

    value: Any
    path: Path | None
    editing: bool

    def child(self, step: str | int) -> _Origin:
        value = self.value
        if isinstance(step, str):
            found = value.get(step, MISSING) if isinstance(value, dict) else MISSING
        else:
            found = value[step] if isinstance(value, list) and 0 <= step < len(value) else MISSING
        path = None if self.path is None else (*self.path, step)
        return _Origin(found, path, self.editing)

    def none(self) -> _Origin:
        return _Origin(MISSING, None, self.editing)


class _Reader:
    """Walks the schema, the posted tree and the original values together, filling a :class:`Posted`."""

    def __init__(self, posted: Posted, hints: FormHints, before: Conditions) -> None:
        self.posted = posted
        self.hints = hints
        self.before = before  # the conditions of the opened form
        self.hidden_before: dict[Path, Any] = {}

    def value(self, schema: Schema, raw: Any, at: Position, origin: _Origin, *, required: bool) -> Any:
        field_type = field_type_of(schema, widget=hint_for(self.hints, at.dotted_path).widget, depth=at.depth)
        self.posted.names[at.path] = at.name
        nested = raw if isinstance(raw, dict) else {}
        at = at.lock(origin.editing and is_immutable(schema))
        if field_type == "object":
            return self.object(schema, nested, at, origin)
        if field_type == "list":
            return self.list(schema, nested, at, origin)
        if field_type == "map":
            return self.map(schema, nested, at, origin)
        return self.scalar(schema, raw, at, origin, required=required)

    def object(self, schema: Schema, raw: Raw, at: Position, origin: _Origin) -> Any:
        """The original object, or its default if it is absent, with the fields that were changed."""
        required = schema.get("required") or ()
        before = origin.value if isinstance(origin.value, dict) else {}
        values = dict(before)
        properties = property_schemas(schema, origin.value)
        for key, child in properties.items():
            below, was = at.property(key), origin.child(key)
            if was.path is not None:
                was_at = Position(was.path, "", below.dotted_path)
                if not self.before.shows(was_at, child, required=key in required):
                    self.hidden_before[below.path] = was.value
            value = self.value(child, raw.get(escape(key), MISSING), below, was, required=key in required)
            if value is MISSING:
                values.pop(key, None)
            else:
                values[key] = value
        for token, text in raw.items():
            if unescape(token) not in properties and token not in (KEY, VALUE, SOURCE):
                values[unescape(token)] = _as_posted(text)
        if identical(values, before) and not isinstance(origin.value, dict):
            return origin.value
        default = schema.get("default")
        if isinstance(default, dict) and is_absent(schema, origin.value):
            values = {**copy.deepcopy(default), **values}
        return _with_required(schema, values)

    def list(self, schema: Schema, raw: Raw, at: Position, origin: _Origin) -> Any:
        base = self._base(schema, raw, at, origin)
        before = base.value if isinstance(base.value, list) else []
        if not _has_rows(raw):
            return origin.value
        items: list[Any] = []
        rows: list[tuple[str, int | str | None]] = []
        for token, body in self._rows_of(raw, at.name):
            was = base.child(row_position(token))
            value = self._row(schema, body, at, (token, len(items)), was)
            rows.append((token, None if value is MISSING else len(items)))
            if value is not MISSING:
                items.append(value)
        self.posted.rows[at.name] = rows
        return self._collection(schema, items, before, base, origin)

    def map(self, schema: Schema, raw: Raw, at: Position, origin: _Origin) -> Any:
        base = self._base(schema, raw, at, origin)
        before = base.value if isinstance(base.value, dict) else {}
        if not _has_rows(raw):
            return origin.value
        keys = list(before)
        entries: dict[str, Any] = {}
        rows: list[tuple[str, int | str | None]] = []
        for token, body in self._rows_of(raw, at.name):
            position = row_position(token)
            old = keys[position] if 0 <= position < len(keys) else None
            key = _key(body, old)
            was = base.child(old) if old is not None else base.none()
            value = self._row(schema, body, at, (token, key), was)
            usable = self._check_key(f"{at.name}/{token}/{KEY}", key, value, entries, is_old=key == old)
            rows.append((token, key if usable else None))
            if usable:
                empty = _EMPTY.get(field_type_of(item_schema(schema)), "")
                entries[key] = empty if value is MISSING else value
        self.posted.rows[at.name] = rows
        return self._collection(schema, entries, before, base, origin)

    def _check_key(
        self, name: str, key: str, value: Any, entries: Mapping[str, Any], *, is_old: bool
    ) -> bool:
        if key in entries:
            self._problem(name, f"Duplicate key “{key}”.")
        elif not key and not is_old and value is not MISSING and value not in ({}, []):
            self._problem(name, "Enter a key.")
        return key not in entries and (bool(key) or is_old)

    def _base(self, schema: Schema, raw: Raw, at: Position, origin: _Origin) -> _Origin:
        """What the rows were rendered from: the original value, or the default."""
        source = str(raw.get(SOURCE, "value")).partition(":")[0]
        default = schema.get("default", MISSING)
        base = origin
        if source in ("default", _RESET) and default:
            base = _Origin(default, None, origin.editing)
            source = "default"
        count = len(base.value) if isinstance(base.value, list | dict) else 0
        self.posted.sources[at.name] = (source if base is not origin else "value", count)
        if raw.get(SOURCE) == _RESET:
            raw.update({row_token(position): {} for position in range(count)})
        return base

    def _collection(self, schema: Schema, now: Any, before: Any, base: _Origin, origin: _Origin) -> Any:
        """The value of a list or map: absent, unless there are entries or the absence means other ones."""
        if identical(now, before):
            if base is origin:
                return origin.value
            return origin.value if is_absent(schema, origin.value) else MISSING
        is_explicit = bool(now) or bool(schema.get("default")) or bool(before)
        return now if is_explicit else MISSING

    def _rows_of(self, raw: Raw, name: str) -> Iterator[tuple[str, Any]]:
        for token, body in raw.items():
            if is_row(token):
                yield token, body
            elif token not in (KEY, VALUE, SOURCE):
                self._problem(name, f"“{unescape(token)}” is not a row of this list.")

    def _row(self, schema: Schema, body: Any, at: Position, row: tuple[str, int | str], was: _Origin) -> Any:
        """The value of one row; that of a scalar is posted as ``#value`` beside its key."""
        token, step = row
        item = item_schema(schema)
        scalar = field_type_of(item, depth=at.depth + 1) in SCALARS | {"yaml"}
        if scalar:
            body = body.get(VALUE, MISSING) if isinstance(body, dict) else body
        below = at.row(token, step, scalar=scalar, of_map=field_type_of(schema) == "map")
        value = self.value(item, body, below, was, required=not scalar)
        is_object = field_type_of(item, depth=below.depth) == "object"
        return _with_required(item, {}) if value is MISSING and is_object else value

    def scalar(self, schema: Schema, raw: Any, at: Position, origin: _Origin, *, required: bool) -> Any:
        if raw is MISSING:
            return origin.value
        if isinstance(raw, dict):
            return _as_posted(raw)
        rendered = new_field(schema, self.hints, at, origin.value, required=required)
        fill(schema, rendered, origin.value)
        value, problem = read_posted_text(schema, rendered, raw, origin.value)
        if problem:
            self._problem(at.name, problem)
        return value

    def _problem(self, name: str, message: str) -> None:
        self.posted.problems.setdefault(name, []).append(message)


_EMPTY: dict[FieldType, Any] = {"list": [], "map": {}, "yaml": {}}


def _with_required(schema: Schema, values: dict[str, Any]) -> dict[str, Any]:
    """An object that exists has its required objects: they may have nothing to fill in."""
    for key in schema.get("required") or ():
        child = children_of(schema).get(key, {})
        if key not in values and "default" not in child and field_type_of(child) == "object":
            values[key] = _with_required(child, {})
    return values


def _has_rows(raw: Raw) -> bool:
    """Whether the list or map was posted, possibly without any row."""
    return any(token not in (KEY, VALUE) for token in raw)


def _key(body: Any, old: str | None) -> str:
    """The key of a row of a map."""
    typed = body.get(KEY) if isinstance(body, dict) else None
    if old is not None and (typed is None or is_same_text(str(typed), old, one_line=True)):
        return old
    return str(typed or "").strip()


class _Hiding:
    """Removes and parks the values of fields that the new values hide.

    A field that was hidden when the form was opened has its original value again: it was not shown.
    """

    def __init__(
        self, posted: Posted, schema: Schema, hints: FormHints, hidden_before: Mapping[Path, Any]
    ) -> None:
        self.posted = posted
        self.schema = schema
        self.hidden_before = hidden_before
        self.conditions = Conditions(schema, hints, posted.data)
        self.removed = 0

    def run(self) -> None:
        """Hiding a field can hide others. Each round hides at least one, so it ends."""
        if not any(hint.when for hint in self.conditions.hints.fields.values()):
            return
        before = -1
        while before < self.removed:
            before = self.removed
            self.object(self.schema, self.posted.data, Position())

    def value(self, schema: Schema, value: Any, at: Position) -> None:
        if isinstance(value, dict) and children_of(schema):
            self.object(schema, value, at)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.value(item_schema(schema), item, at.row("", index, scalar=False, of_map=False))
        elif isinstance(value, dict):
            for key, item in value.items():
                self.value(item_schema(schema), item, at.row("", key, scalar=False, of_map=True))

    def object(self, schema: Schema, values: dict[str, Any], at: Position) -> None:
        required = schema.get("required") or ()
        for key, child in children_of(schema).items():
            below = at.property(key)
            if not self.conditions.shows(below, child, required=key in required):
                self._hide(values, key, below)
            elif key in values:
                removed = self.removed
                self.value(child, values[key], below)
                if removed < self.removed and values[key] == {} and key not in required:
                    del values[key]

    def _hide(self, values: dict[str, Any], key: str, at: Position) -> None:
        original = self.hidden_before.get(at.path, MISSING)
        if identical(values.get(key, MISSING), original):
            return
        self.removed += 1
        values.pop(key, None)
        if original is not MISSING:
            values[key] = copy.deepcopy(original)
        self._park(self.posted.names.get(at.path, at.name))

    def _park(self, name: str) -> None:
        for posted, text in self.posted.typed.items():
            if posted == name or posted.startswith(f"{name}/"):
                self.posted.parked.append((posted, text))


def _as_posted(raw: Any) -> Any:
    """Input that matches no field of the schema, retained so that a problem can name it."""
    if isinstance(raw, Mapping):
        return {unescape(token): _as_posted(part) for token, part in raw.items()}
    return raw
