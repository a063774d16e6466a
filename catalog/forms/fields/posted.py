"""A posted form → values. Rows keep their tokens, typed text is kept, and what was parked stays parked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.forms.fields.field_types import SCALARS, Kind, Schema, children_of, item_schema, kind_of
from catalog.forms.fields.hints import hint_for, place_below, shows
from catalog.forms.fields.input_names import KEY, VALUE, below, escape, is_row, unescape
from catalog.forms.fields.rows import Raw, apply_operation
from catalog.forms.fields.scalars import from_text
from catalog.forms.yaml_text import from_yaml
from contracts.compiler import FormHints
from contracts.documents.paths import MISSING, Path


@dataclass(slots=True)
class Posted:
    """What a form post says.

    ``data``: the values; blank inputs and hidden branches are absent. ``names``: real path → name of its
    input. ``rows``: name of a list or map → its rows in order, as (token, index or key; None for a row
    without a value). ``typed``: name of an input → the text in it. ``problems``: name of an input → messages.
    ``parked``: what stands in fields that are hidden now, to be carried along.
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
    """``pairs`` in the order of the body; names that do not begin with a slash are not the form's.

    ``operation`` is what a button asks for, such as ``add:/ports`` (:mod:`catalog.forms.fields.rows`).
    """
    pairs = [(name, text) for name, text in pairs if name.startswith("/")]
    posted = Posted(typed=dict(pairs))
    tree = _tree(pairs)
    if operation:
        posted.added = apply_operation(tree, operation)
    value = _Reader(posted, hints).object(schema, tree, (), "", "")
    posted.data = {} if value is MISSING else value
    return posted


def _tree(pairs: Iterable[tuple[str, str]]) -> Raw:
    """Nested dicts of tokens. The last text of a name wins: a hidden ``false`` before a checked ``true``."""
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

    def value(
        self, schema: Schema, raw: Any, path: Path, name: str, place: str, *, required: bool = False
    ) -> Any:
        kind = kind_of(schema, widget=hint_for(self.hints, place).widget, depth=len(path))
        self.posted.names[path] = name
        if kind == "object":
            value = self.object(schema, raw if isinstance(raw, dict) else {}, path, name, place)
            return {} if value is MISSING and required else value
        if kind == "list":
            return self.list(schema, raw if isinstance(raw, dict) else {}, path, name, place)
        if kind == "map":
            return self.map(schema, raw if isinstance(raw, dict) else {}, path, name, place)
        return self.scalar(kind, schema, raw, name)

    def object(self, schema: Schema, raw: Raw, path: Path, name: str, place: str) -> Any:
        properties = children_of(schema)
        required = schema.get("required") or ()
        values: dict[str, Any] = {}
        for key, child in properties.items():
            value = self.value(
                child,
                raw.get(escape(key), MISSING),
                (*path, key),
                below(name, key),
                place_below(place, key),
                required=key in required,
            )
            if value is not MISSING:
                values[key] = value
        for token, text in raw.items():
            if unescape(token) not in properties and token not in (KEY, VALUE):
                values[unescape(token)] = _as_posted(text)
        return self._without_hidden(schema, values, name, place)

    def _without_hidden(self, schema: Schema, values: dict[str, Any], name: str, place: str) -> Any:
        for key in children_of(schema):
            hint = hint_for(self.hints, place_below(place, key))
            if not shows(hint, schema, values):
                values.pop(key, None)
                self._park(below(name, key))
        return values or MISSING

    def _park(self, name: str) -> None:
        for posted, text in self.posted.typed.items():
            if text and (posted == name or posted.startswith(f"{name}/")):
                self.posted.parked.append((posted, text))

    def list(self, schema: Schema, raw: Raw, path: Path, name: str, place: str) -> Any:
        items: list[Any] = []
        rows: list[tuple[str, int | str | None]] = []
        for token, body in self._rows_of(raw, name):
            value = self._row(schema, body, (*path, len(items)), f"{name}/{token}", f"{place}[]")
            rows.append((token, None if value is MISSING else len(items)))
            if value is not MISSING:
                items.append(value)
        self.posted.rows[name] = rows
        return items or MISSING

    def map(self, schema: Schema, raw: Raw, path: Path, name: str, place: str) -> Any:
        entries: dict[str, Any] = {}
        rows: list[tuple[str, int | str | None]] = []
        for token, body in self._rows_of(raw, name):
            row = f"{name}/{token}"
            key = str(body.get(KEY, "")).strip() if isinstance(body, dict) else ""
            value = self._row(schema, body, (*path, key), row, f"{place}{{}}")
            if key in entries:
                self._problem(f"{row}/{KEY}", f"“{key}” is used twice. Each key may stand once.")
            elif not key and value is not MISSING and value != {}:
                self._problem(f"{row}/{KEY}", "Give this entry a key.")
            usable = bool(key) and key not in entries
            rows.append((token, key if usable else None))
            if usable:
                entries[key] = _EMPTY.get(kind_of(item_schema(schema)), "") if value is MISSING else value
        self.posted.rows[name] = rows
        return entries or MISSING

    def _rows_of(self, raw: Raw, name: str) -> Iterable[tuple[str, Any]]:
        for token, body in raw.items():
            if is_row(token):
                yield token, body
            else:
                self._problem(name, f"“{unescape(token)}” was sent but is not a row of this list.")

    def _row(self, schema: Schema, body: Any, path: Path, row: str, place: str) -> Any:
        """The value of one row; scalars stand under ``#value`` beside their key."""
        item = item_schema(schema)
        if kind_of(item, depth=len(path)) in SCALARS | {"yaml"}:
            body = body.get(VALUE, MISSING) if isinstance(body, dict) else body
            row = f"{row}/{VALUE}"
        return self.value(item, body, path, row, place, required=True)

    def scalar(self, kind: Kind, schema: Schema, raw: Any, name: str) -> Any:
        if raw is MISSING:
            return MISSING
        if isinstance(raw, dict):
            return _as_posted(raw)
        if kind == "yaml":
            value, problem = from_yaml(raw)
        else:
            value, problem = from_text(kind, schema, raw)
        if problem:
            self._problem(name, problem)
        return value

    def _problem(self, name: str, message: str) -> None:
        self.posted.problems.setdefault(name, []).append(message)


_EMPTY: dict[Kind, Any] = {"list": [], "map": {}, "yaml": {}}


def _as_posted(raw: Any) -> Any:
    """What no field of the schema explains, kept so that it can be named and is not lost."""
    if isinstance(raw, Mapping):
        return {unescape(token): _as_posted(part) for token, part in raw.items()}
    return raw
