"""Schema + hints + values + problems → the tree of fields that a template draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog.forms.fields.constraints import is_immutable, limits_in_words
from catalog.forms.fields.field import Choice, Field, FieldTree, Group, Trouble
from catalog.forms.fields.field_types import (
    SCALARS,
    Kind,
    Schema,
    children_of,
    item_schema,
    kind_of,
    title_of,
)
from catalog.forms.fields.hints import hint_for, in_order, place_below, shows
from catalog.forms.fields.input_names import KEY, VALUE, below, row_token
from catalog.forms.fields.posted import Posted
from catalog.forms.fields.problem_paths import deepest_drawn
from catalog.forms.fields.scalars import to_text
from catalog.forms.yaml_text import to_yaml
from contracts.compiler import FieldGroup, FormHints
from contracts.documents.paths import MISSING, Path, print_path


def build(
    schema: Schema,
    hints: FormHints,
    data: Mapping[str, Any],
    *,
    posted: Posted | None = None,
    problems: Iterable[tuple[Path, str]] = (),
    editing: bool = False,
) -> FieldTree:
    """``data`` is the instance's ``spec``; ``problems`` are (path below ``spec``, message)."""
    builder = _Builder(hints, posted or Posted(), editing)
    root = builder.field(schema, (), "", "", data, label="", required=True)
    first_added = posted.added if posted else ""
    if first_added:
        _focus_row(root, first_added)
    troubles = _place(root, problems)
    return FieldTree(root, list(_groups(root, hints)), troubles, list(builder.posted.parked))


class _Builder:
    def __init__(self, hints: FormHints, posted: Posted, editing: bool) -> None:
        self.hints = hints
        self.posted = posted
        self.editing = editing

    def field(
        self, schema: Schema, path: Path, name: str, place: str, value: Any, *, label: str, required: bool
    ) -> Field:
        hint = hint_for(self.hints, place)
        kind = kind_of(schema, widget=hint.widget, depth=len(path))
        given = value is not MISSING
        immutable = is_immutable(schema)
        drawn = Field(
            kind=kind,
            name=name,
            path=path,
            label=hint.title or str(schema.get("title") or "") or label,
            help=hint.help or str(schema.get("description") or ""),
            given=given,
            required=required and "default" not in schema,
            immutable=immutable,
            locked=self.editing and immutable,
            advanced=hint.advanced,
            wide=hint.wide,
            mono=hint.widget == "mono" or kind in ("yaml", "flexible", "quantity", "secret"),
            placeholder=hint.placeholder,
            limits=limits_in_words(schema),
            pattern=str(schema.get("pattern") or ""),
            group=hint.group,
            problems=list(self.posted.problems.get(name, ())),
        )
        if kind == "object":
            drawn.children = list(
                self.children(schema, drawn, place, value if isinstance(value, dict) else {})
            )
        elif kind in ("list", "map"):
            drawn.children = list(self.rows(schema, drawn, place, value))
        else:
            self.fill(schema, drawn, value)
        return drawn

    def children(
        self, schema: Schema, parent: Field, place: str, values: Mapping[str, Any]
    ) -> Iterator[Field]:
        properties = children_of(schema)
        required = schema.get("required") or ()
        for key in in_order(list(properties), self.hints, place):
            child = self.field(
                properties[key],
                (*parent.path, key),
                below(parent.name, key),
                place_below(place, key),
                values.get(key, MISSING),
                label=title_of(key),
                required=key in required,
            )
            child.locked = child.locked or parent.locked
            child.hidden = not shows(hint_for(self.hints, place_below(place, key)), schema, values)
            yield child

    def rows(self, schema: Schema, parent: Field, place: str, value: Any) -> Iterator[Field]:
        item = item_schema(schema)
        is_map = parent.kind == "map"
        noun = singular(parent.label)
        for number, (token, at, row_value) in enumerate(self.row_values(parent, value)):
            name = f"{parent.name}/{token}"
            scalar = kind_of(item, depth=len(parent.path) + 1) in SCALARS | {"yaml"}
            step = at if at is not None else ("" if is_map else -1 - number)
            row = self.field(
                item,
                (*parent.path, step),
                f"{name}/{VALUE}" if scalar else name,
                f"{place}{{}}" if is_map else f"{place}[]",
                row_value,
                label=f"{noun} {number + 1}",
                required=True,
            )
            row.token = token
            row.locked = row.locked or parent.locked
            row.is_entry = is_map
            row.required = row.required and row.kind not in SCALARS
            if is_map:
                row.key = self.posted.typed.get(f"{name}/{KEY}", "" if at is None else str(at))
                row.key_problems = list(self.posted.problems.get(f"{name}/{KEY}", ()))
            yield row

    def row_values(self, parent: Field, value: Any) -> Iterator[tuple[str, int | str | None, Any]]:
        """(token, index or key, value) of each row: as posted, else in the order of the data."""
        known = self.posted.rows.get(parent.name)
        if known is not None:
            for token, at in known:
                yield token, at, _at(value, at)
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield row_token(index), index, one
        elif isinstance(value, dict):
            for position, (key, one) in enumerate(value.items()):
                yield row_token(position), key, one

    def fill(self, schema: Schema, drawn: Field, value: Any) -> None:
        drawn.has_default = "default" in schema
        default = schema.get("default", MISSING)
        drawn.default = _shown(drawn.kind, default)
        drawn.text = self.posted.typed.get(drawn.name, _shown(drawn.kind, value))
        if drawn.kind == "choice":
            drawn.choices = tuple(_choices(schema, drawn, value, default))
        elif drawn.kind == "boolean":
            _fill_boolean(drawn, value, default)


def _at(value: Any, at: int | str | None) -> Any:
    if isinstance(at, int) and isinstance(value, list) and 0 <= at < len(value):
        return value[at]
    if isinstance(at, str) and isinstance(value, dict):
        return value.get(at, MISSING)
    return MISSING


def _shown(kind: Kind, value: Any) -> str:
    return to_yaml(value) if kind == "yaml" else to_text(kind, value)


def _choices(schema: Schema, drawn: Field, value: Any, default: Any) -> Iterator[Choice]:
    """The default is posted as nothing until somebody writes it out: then a new default is followed."""
    known = False
    for option in schema.get("enum", ()):
        text = to_text("choice", option)
        is_default = drawn.has_default and option == default
        selected = value == option if drawn.given else is_default
        known = known or selected
        yield Choice("" if is_default and not drawn.given else text, text, selected, is_default)
    if drawn.given and not known:
        text = to_text("choice", value)
        yield Choice(text, text, True, False)


def _fill_boolean(drawn: Field, value: Any, default: Any) -> None:
    if drawn.style == "switch":
        if default is True and not (drawn.given and value is True):
            drawn.on = ""
        if default is False and not (drawn.given and value is False):
            drawn.off = ""
        drawn.text = "true" if (value if drawn.given else default) is True else ""
        return
    options = (
        ("", "Not set", not drawn.given),
        ("true", "Yes", value is True),
        ("false", "No", value is False),
    )
    drawn.choices = tuple(Choice(text, label, selected, False) for text, label, selected in options)


def singular(label: str) -> str:
    """``Ports`` → ``Port``, for the name of a row."""
    if label.endswith("ies"):
        return label[:-3] + "y"
    plural = label.endswith("s") and not label.endswith("ss")
    return label[:-1] if plural else label or "Item"


def _focus_row(root: Field, name: str) -> None:
    for candidate in root.walk():
        if candidate.row_name == name and candidate.token:
            first = next((one for one in candidate.walk() if one.is_scalar and not one.hidden), candidate)
            first.focus = True
            return


def _place(root: Field, problems: Iterable[tuple[Path, str]]) -> list[Trouble]:
    """Give each problem to the deepest field drawn on its path, and list all in reading order."""
    drawn = {field.path: field for field in root.walk() if not field.hidden}
    nowhere: list[Trouble] = []
    for path, message in problems:
        owner = drawn[deepest_drawn(path, drawn)]
        if owner is root:
            nowhere.append(Trouble(print_path(path), message, ""))
        elif owner.path == path:
            if not owner.problems:  # what could not be read says it better than what was expected
                owner.problems.append(message)
        else:
            owner.problems.append(f"{print_path(path[len(owner.path) :])}: {message}")
    found = [
        Trouble(print_path(field.path) or field.label, message, field.key_id if at_key else field.id)
        for field in root.walk()
        if not field.hidden
        for at_key, messages in ((True, field.key_problems), (False, field.problems))
        for message in messages
    ]
    return [*nowhere, *found]


def _groups(root: Field, hints: FormHints) -> Iterator[Group]:
    """“General” first, then named groups in their order, then each object, list and map as a card."""
    named: dict[str, FieldGroup] = {group.name: group for group in hints.groups}
    members: dict[str, list[Field]] = {name: [] for name in named}
    sections: list[Field] = []
    general: list[Field] = []
    for one in root.visible:
        if one.group:
            members.setdefault(one.group, []).append(one)
        elif one.kind in ("object", "list", "map") and not one.advanced:
            sections.append(one)
        else:
            general.append(one)
    if general and "General" in members:
        members["General"].extend(general)
        general = []
    if general:
        yield Group("General", "", general)
    for name, fields in members.items():
        if fields:
            yield Group(name, named[name].description if name in named else "", fields)
    for section in sections:
        yield Group(section.label, section.help, [section], section)
