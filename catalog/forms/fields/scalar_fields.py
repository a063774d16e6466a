"""A field with its value: what it shows, and whether what a browser posted is what it showed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.forms.fields.constraints import format_limits, is_immutable
from catalog.forms.fields.field import Choice, Field
from catalog.forms.fields.field_types import Schema, field_type_of
from catalog.forms.fields.hints import hint_for
from catalog.forms.fields.position import Position
from catalog.forms.fields.scalars import from_text, is_same_text, to_text
from catalog.forms.yaml_text import from_yaml, identical, to_yaml
from contracts.compiler import FormHints
from contracts.documents.paths import MISSING


def new_field(schema: Schema, hints: FormHints, at: Position, value: Any, *, required: bool) -> Field:
    """The field at ``at``, without its children or its text. ``at.locked``: it cannot be changed."""
    hint = hint_for(hints, at.dotted_path)
    field_type = field_type_of(schema, widget=hint.widget, depth=at.depth)
    return Field(
        field_type=field_type,
        name=at.name,
        path=at.path,
        label=hint.title or str(schema.get("title") or ""),
        help=hint.help or str(schema.get("description") or ""),
        given=value is not MISSING,
        has_default="default" in schema,
        required=required and "default" not in schema,
        immutable=is_immutable(schema),
        locked=at.locked,
        advanced=hint.advanced,
        wide=hint.wide,
        mono=hint.widget == "mono" or field_type in ("yaml", "flexible", "quantity", "secret"),
        placeholder=hint.placeholder,
        limits=format_limits(schema),
        pattern=str(schema.get("pattern") or ""),
        group=hint.group,
    )


def fill(schema: Schema, built: Field, value: Any, typed: str | None = None) -> None:
    """Set what the input shows: ``value``, or the text that was typed."""
    default = schema.get("default", MISSING)
    built.default = _shown(built, default)
    built.text = _shown(built, value) if typed is None else typed
    if built.field_type == "choice":
        built.choices = tuple(_choices(schema, built, value, default))
    elif built.field_type == "boolean":
        _fill_boolean(built, value, default)


def _shown(built: Field, value: Any) -> str:
    return to_yaml(value) if built.field_type == "yaml" else to_text(built.field_type, value)


def _choices(schema: Schema, built: Field, value: Any, default: Any) -> Iterator[Choice]:
    """The default is posted as nothing unless it was set explicitly, so that a changed default applies."""
    known = False
    for option in schema.get("enum", ()):
        text = to_text("choice", option)
        is_default = built.has_default and identical(option, default)
        selected = identical(value, option) if built.given else is_default
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


def read_posted_text(schema: Schema, rendered: Field, text: str, before: Any) -> tuple[Any, str]:
    """The value that ``text`` was posted for, and its problem or an empty string.

    ``rendered`` is the field that the browser got for the value ``before``. Only what differs from what it
    showed is read: an untouched value is not parsed, and so arrives as it was.
    """
    if is_same_text(text, rendered.untouched_text, one_line=rendered.shown_style == "search"):
        return before, ""
    if rendered.field_type == "yaml":
        return from_yaml(text)
    value, problem = from_text(rendered.field_type, schema, text, before)
    if rendered.field_type in ("boolean", "choice") and "default" in schema:
        default = schema["default"]
        if identical(*(default if one is MISSING else one for one in (value, before))):
            return before, ""  # what was not set and shows its default again is not set
    return value, problem
