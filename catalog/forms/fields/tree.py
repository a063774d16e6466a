"""Builds the tree of fields from schema, hints, values and problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.forms.fields.constraints import format_limits, is_immutable
from catalog.forms.fields.field import Choice, Field, FieldProblem, FieldTree, Group
from catalog.forms.fields.field_types import (
    SCALARS,
    FieldType,
    Schema,
    children_of,
    field_type_of,
    item_schema,
    title_of,
)
from catalog.forms.fields.hints import hint_for, in_display_order, is_shown
from catalog.forms.fields.input_names import KEY, row_token
from catalog.forms.fields.position import Position
from catalog.forms.fields.posted import Posted
from catalog.forms.fields.problem_paths import deepest_shown
from catalog.forms.fields.scalars import to_text
from catalog.forms.yaml_text import to_yaml
from contracts.compiler import FieldGroup, FormHints
from contracts.documents.paths import MISSING, Path, print_path


@dataclass(frozen=True, slots=True)
class FormState:
    """What was posted, the problems as (path below ``spec``, message), and whether an instance is edited."""

    posted: Posted = field(default_factory=Posted)
    problems: Iterable[tuple[Path, str]] = ()
    editing: bool = False


def build(
    schema: Schema, hints: FormHints, data: Mapping[str, Any], state: FormState | None = None
) -> FieldTree:
    """``data`` is the instance's ``spec``."""
    state = state or FormState()
    builder = _Builder(hints, state.posted, state.editing)
    root = builder.field(schema, Position(), data, label="", required=True)
    if state.posted.added:
        _focus_row(root, state.posted.added)
    problems = _assign_problems(root, state.problems)
    return FieldTree(root, list(_groups(root, hints)), problems, list(state.posted.parked))


class _Builder:
    def __init__(self, hints: FormHints, posted: Posted, editing: bool) -> None:
        self.hints = hints
        self.posted = posted
        self.editing = editing

    def field(self, schema: Schema, at: Position, value: Any, *, label: str, required: bool) -> Field:
        hint = hint_for(self.hints, at.dotted_path)
        field_type = field_type_of(schema, widget=hint.widget, depth=at.depth)
        immutable = is_immutable(schema)
        built = Field(
            field_type=field_type,
            name=at.name,
            path=at.path,
            label=hint.title or str(schema.get("title") or "") or label,
            help=hint.help or str(schema.get("description") or ""),
            given=value is not MISSING,
            required=required and "default" not in schema,
            immutable=immutable,
            locked=self.editing and immutable,
            advanced=hint.advanced,
            wide=hint.wide,
            mono=hint.widget == "mono" or field_type in ("yaml", "flexible", "quantity", "secret"),
            placeholder=hint.placeholder,
            limits=format_limits(schema),
            pattern=str(schema.get("pattern") or ""),
            group=hint.group,
            problems=list(self.posted.problems.get(at.name, ())),
        )
        if field_type == "object":
            values = value if isinstance(value, dict) else {}
            built.children = list(self.children(schema, built, at, values))
        elif field_type in ("list", "map"):
            built.children = list(self.rows(schema, built, at, value))
        else:
            self.fill(schema, built, value)
        return built

    def children(
        self, schema: Schema, parent: Field, at: Position, values: Mapping[str, Any]
    ) -> Iterator[Field]:
        properties = children_of(schema)
        required = schema.get("required") or ()
        for key in in_display_order(list(properties), self.hints, at.dotted_path):
            below = at.property(key)
            child = self.field(
                properties[key],
                below,
                values.get(key, MISSING),
                label=title_of(key),
                required=key in required,
            )
            child.locked = child.locked or parent.locked
            child.hidden = not is_shown(hint_for(self.hints, below.dotted_path), schema, values)
            yield child

    def rows(self, schema: Schema, parent: Field, at: Position, value: Any) -> Iterator[Field]:
        item = item_schema(schema)
        of_map = parent.field_type == "map"
        noun = singular(parent.label)
        scalar = field_type_of(item, depth=at.depth + 1) in SCALARS | {"yaml"}
        for number, (token, step, row_value) in enumerate(self.row_values(parent, value)):
            unused = "" if of_map else -1 - number  # the path of a row without a value
            row = self.field(
                item,
                at.row(token, unused if step is None else step, scalar=scalar, of_map=of_map),
                row_value,
                label=f"{noun} {number + 1}",
                required=True,
            )
            row.token = token
            row.locked = row.locked or parent.locked
            row.is_entry = of_map
            row.required = row.required and row.field_type not in SCALARS
            if of_map:
                key_name = f"{at.name}/{token}/{KEY}"
                row.key = self.posted.typed.get(key_name, "" if step is None else str(step))
                row.key_problems = list(self.posted.problems.get(key_name, ()))
            yield row

    def row_values(self, parent: Field, value: Any) -> Iterator[tuple[str, int | str | None, Any]]:
        """(token, index or key, value) of each row: as posted, otherwise in the order of the data."""
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

    def fill(self, schema: Schema, built: Field, value: Any) -> None:
        built.has_default = "default" in schema
        default = schema.get("default", MISSING)
        built.default = _shown(built.field_type, default)
        built.text = self.posted.typed.get(built.name, _shown(built.field_type, value))
        if built.field_type == "choice":
            built.choices = tuple(_choices(schema, built, value, default))
        elif built.field_type == "boolean":
            _fill_boolean(built, value, default)


def _at(value: Any, at: int | str | None) -> Any:
    if isinstance(at, int) and isinstance(value, list) and 0 <= at < len(value):
        return value[at]
    if isinstance(at, str) and isinstance(value, dict):
        return value.get(at, MISSING)
    return MISSING


def _shown(field_type: FieldType, value: Any) -> str:
    return to_yaml(value) if field_type == "yaml" else to_text(field_type, value)


def _choices(schema: Schema, built: Field, value: Any, default: Any) -> Iterator[Choice]:
    """The default is posted as nothing unless it was set explicitly, so that a changed default applies."""
    known = False
    for option in schema.get("enum", ()):
        text = to_text("choice", option)
        is_default = built.has_default and option == default
        selected = value == option if built.given else is_default
        known = known or selected
        yield Choice("" if is_default and not built.given else text, text, selected, is_default)
    if built.given and not known:
        text = to_text("choice", value)
        yield Choice(text, text, True, False)


def _fill_boolean(built: Field, value: Any, default: Any) -> None:
    if built.style == "switch":
        if default is True and not (built.given and value is True):
            built.on = ""
        if default is False and not (built.given and value is False):
            built.off = ""
        built.text = "true" if (value if built.given else default) is True else ""
        return
    options = (
        ("", "Not set", not built.given),
        ("true", "Yes", value is True),
        ("false", "No", value is False),
    )
    built.choices = tuple(Choice(text, label, selected, False) for text, label, selected in options)


def singular(label: str) -> str:
    """``Ports`` → ``Port``, for the label of a row."""
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


def _assign_problems(root: Field, problems: Iterable[tuple[Path, str]]) -> list[FieldProblem]:
    """Assign each problem to the deepest field shown on its path, and list all in reading order."""
    shown = {one.path: one for one in root.walk() if not one.hidden}
    unassigned: list[FieldProblem] = []
    for path, message in problems:
        owner = shown[deepest_shown(path, shown)]
        if owner is root:
            unassigned.append(FieldProblem(print_path(path), message, ""))
        elif owner.path == path:
            if not owner.problems:  # a parse error explains more than the schema error that follows from it
                owner.problems.append(message)
        else:
            owner.problems.append(f"{print_path(path[len(owner.path) :])}: {message}")
    found = [
        FieldProblem(print_path(one.path) or one.label, message, one.key_id if at_key else one.id)
        for one in root.walk()
        if not one.hidden
        for at_key, messages in ((True, one.key_problems), (False, one.problems))
        for message in messages
    ]
    return [*unassigned, *found]


def _groups(root: Field, hints: FormHints) -> Iterator[Group]:
    """“General” first, then named groups in their order, then each object, list and map as a panel."""
    named: dict[str, FieldGroup] = {group.name: group for group in hints.groups}
    members: dict[str, list[Field]] = {name: [] for name in named}
    sections: list[Field] = []
    general: list[Field] = []
    for one in root.visible:
        if one.group:
            members.setdefault(one.group, []).append(one)
        elif one.field_type in ("object", "list", "map") and not one.advanced:
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
