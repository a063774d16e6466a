"""Builds the tree of fields from schema, hints, values and problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.forms.fields.conditions import Conditions
from catalog.forms.fields.constraints import is_immutable
from catalog.forms.fields.field import Field, FieldProblem, FieldTree, Group
from catalog.forms.fields.field_types import (
    SCALARS,
    FieldType,
    Schema,
    field_type_of,
    is_absent,
    item_schema,
    property_schemas,
    title_of,
)
from catalog.forms.fields.hints import in_display_order
from catalog.forms.fields.input_names import KEY, is_row, row_token
from catalog.forms.fields.position import Position
from catalog.forms.fields.posted import Posted
from catalog.forms.fields.problem_paths import deepest_shown
from catalog.forms.fields.scalar_fields import fill, new_field
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
    builder = _Builder(hints, state, Conditions(schema, hints, data))
    root = builder.field(schema, Position(), data, label="", required=True)
    if state.posted.added:
        _focus_row(root, state.posted.added)
    problems = _assign_problems(root, state.problems)
    return FieldTree(root, list(_groups(root, hints)), problems, list(state.posted.parked))


class _Builder:
    def __init__(self, hints: FormHints, state: FormState, conditions: Conditions) -> None:
        self.hints = hints
        self.posted = state.posted
        self.editing = state.editing
        self.conditions = conditions

    def field(self, schema: Schema, at: Position, value: Any, *, label: str, required: bool) -> Field:
        at = at.lock(self.editing and is_immutable(schema))
        built = new_field(schema, self.hints, at, value, required=required)
        built.label = built.label or label
        built.problems = list(self.posted.problems.get(at.name, ()))
        if built.field_type == "object":
            built.children = list(self.children(schema, at, value))
        elif built.field_type in ("list", "map"):
            built.children = list(self.rows(schema, built, at, value))
        else:
            fill(schema, built, value, self.posted.typed.get(at.name))
        return built

    def children(self, schema: Schema, at: Position, value: Any) -> Iterator[Field]:
        properties = property_schemas(schema, value)
        values = value if isinstance(value, dict) else {}
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
            shows = self.conditions.shows(below, properties[key], required=key in required)
            is_empty = child.field_type == "object" and bool(child.children) and not child.visible
            if is_empty or not shows:
                for one in child.walk():
                    one.hidden = True
            yield child

    def rows(self, schema: Schema, parent: Field, at: Position, value: Any) -> Iterator[Field]:
        item = item_schema(schema)
        of_map = parent.field_type == "map"
        in_row = is_row(at.name.rpartition("/")[2])
        noun = f"{parent.label}, entry" if in_row else singular(parent.label)
        scalar = field_type_of(item, depth=at.depth + 1) in SCALARS | {"yaml"}
        default = schema.get("default")
        parent.at_default = bool(default) and is_absent(schema, value)
        parent.can_reset = bool(default) and not parent.at_default
        shown = default if parent.at_default else value
        parent.source, parent.original_rows = self.posted.sources.get(
            parent.name, ("default" if parent.at_default else "value", _count(parent.field_type, shown))
        )
        for number, (token, step, row_value) in enumerate(self.row_values(parent, shown)):
            unused = "" if of_map else -1 - number  # the path of a row without a value
            row = self.field(
                item,
                at.row(token, unused if step is None else step, scalar=scalar, of_map=of_map),
                row_value,
                label=f"{noun} {number + 1}",
                required=not scalar,
            )
            row.token = token
            row.is_entry = of_map
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
        elif isinstance(value, list) and parent.field_type == "list":
            for index, one in enumerate(value):
                yield row_token(index), index, one
        elif isinstance(value, dict) and parent.field_type == "map":
            for position, (key, one) in enumerate(value.items()):
                yield row_token(position), key, one


def _count(field_type: FieldType, value: Any) -> int:
    return len(value) if isinstance(value, list if field_type == "list" else dict) else 0


def _at(value: Any, at: int | str | None) -> Any:
    if isinstance(at, int) and isinstance(value, list) and 0 <= at < len(value):
        return value[at]
    if isinstance(at, str) and isinstance(value, dict):
        return value.get(at, MISSING)
    return MISSING


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
            candidate.focus_key = candidate.is_entry
            first.focus = not candidate.is_entry
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
