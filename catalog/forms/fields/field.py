"""A field, a group of fields, and the complete form, as the templates render them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice

from catalog.forms.fields.field_types import SCALARS, FieldType
from catalog.forms.fields.input_names import KEY, SOURCE, VALUE, html_id
from contracts.documents.paths import Path

_SEGMENTS = 4  # an enum with more values, or with longer ones, becomes a select
_SEGMENT_LENGTH = 13
MOST_FIELDS = 500  # a longer form is edited as YAML
_SEARCH_FROM = 12  # an enum with more values becomes a search


@dataclass(frozen=True, slots=True)
class Choice:
    """``value`` is posted; empty for a default that was not chosen explicitly."""

    value: str
    label: str
    selected: bool
    is_default: bool


@dataclass(slots=True)
class Field:
    """One field. ``name`` is the name of its input, ``path`` the path of its value below ``spec``."""

    field_type: FieldType
    name: str
    path: Path
    label: str
    help: str = ""
    text: str = ""
    given: bool = False
    default: str = ""  # as text, if has_default
    has_default: bool = False
    required: bool = False
    locked: bool = False  # immutable, while the instance exists
    immutable: bool = False
    advanced: bool = False
    wide: bool = False
    mono: bool = False
    placeholder: str = ""
    limits: str = ""
    pattern: str = ""
    choices: tuple[Choice, ...] = ()
    problems: list[str] = field(default_factory=list)
    children: list[Field] = field(default_factory=list)
    token: str = ""  # of a row
    key: str = ""  # of a row of a map
    key_problems: list[str] = field(default_factory=list)
    group: str = ""
    hidden: bool = False
    focus: bool = False
    focus_key: bool = False  # the key of this row gets the focus
    is_entry: bool = False  # a row of a map, with a key
    off: str = "false"  # what a switch posts when off and on
    on: str = "true"
    source: str = "value"  # what the rows of a list or map were rendered from: its value or its default
    original_rows: int = 0  # how many there were
    at_default: bool = False  # a list or map that is not set, and has entries by default
    can_reset: bool = False  # it is set, and could have these entries instead

    @property
    def id(self) -> str:
        return html_id(self.name)

    @property
    def key_name(self) -> str:
        """The name of the key's input in a row of a map."""
        return f"{self.name.removesuffix(f'/{VALUE}')}/{KEY}"

    @property
    def key_id(self) -> str:
        return html_id(self.key_name)

    @property
    def error_id(self) -> str:
        return f"{self.id}-error"

    @property
    def key_error_id(self) -> str:
        return f"{self.key_id}-error"

    @property
    def row_name(self) -> str:
        return self.name.removesuffix(f"/{VALUE}")

    @property
    def template(self) -> str:
        """The template of the input. Locked fields are shown as text."""
        return f"catalog/fields/_{self.shown_style}.html"

    @property
    def shown_style(self) -> str:
        """The style in the page. Locked fields are shown as text."""
        style = self.style
        return self.text_style if self.locked and style not in ("input", "textarea") else style

    @property
    def text_style(self) -> str:
        """A browser removes line breaks from an ``<input>``."""
        return "textarea" if "\n" in self.text or "\r" in self.text else "input"

    @property
    def source_name(self) -> str:
        return f"{self.name}/{SOURCE}"

    @property
    def source_text(self) -> str:
        return f"{self.source}:{self.original_rows}"

    @property
    def style(self) -> str:
        if self.field_type == "choice":
            return self.choice_style
        if self.field_type == "boolean":
            return "switch" if self.has_default or self.required else "select"
        return "textarea" if self.field_type in ("lines", "yaml") else self.text_style

    @property
    def choice_style(self) -> str:
        labels = [choice.label for choice in self.choices]
        if len(labels) <= _SEGMENTS and all(len(label) <= _SEGMENT_LENGTH for label in labels):
            return "segments"
        return "search" if len(labels) > _SEARCH_FROM else "select"

    @property
    def is_scalar(self) -> bool:
        return self.field_type in SCALARS or self.field_type == "yaml"

    @property
    def cells(self) -> list[Field]:
        """The inputs of a row that fits on one line."""
        return self.visible if self.field_type == "object" else [self]

    @property
    def column_headers(self) -> list[Field]:
        """The cells of the first row, for the column headers."""
        return self.children[0].cells if self.children else []

    @property
    def has_column_headers(self) -> bool:
        """A list of scalars needs no header above its only column."""
        return self.field_type == "map" or any(row.field_type == "object" for row in self.children)

    @property
    def column_count(self) -> int:
        return len(self.column_headers) + (self.field_type == "map")

    @property
    def is_flat(self) -> bool:
        """A list or map whose rows fit on one line each: at most four columns of scalars."""
        most = 3 if self.field_type == "map" else 4
        return all(
            0 < len(row.cells) <= most and all(c.is_inline for c in row.cells) for row in self.children
        )

    @property
    def is_inline(self) -> bool:
        return self.field_type in SCALARS and self.field_type != "lines"

    @property
    def span(self) -> str:
        """How many of the four columns of the grid it takes: ``short`` 1, ``half`` 2, ``wide`` 4."""
        if self.wide or self.field_type in ("object", "list", "map", "yaml", "lines"):
            return "wide"
        short = self.field_type in ("integer", "number", "boolean", "flexible", "quantity")
        return "short" if short else "half"

    @property
    def shows_default(self) -> bool:
        """Whether the default is shown beside the label. Choices and switches show it themselves."""
        return (
            self.has_default
            and self.default != ""
            and self.field_type not in ("choice", "boolean", "yaml", "lines")
        )

    @property
    def shown_placeholder(self) -> str:
        return self.default if self.has_default and self.default else self.placeholder

    @property
    def needs_blank(self) -> bool:
        """Whether the choices include an empty one."""
        return self.field_type == "choice" and not self.has_default and not (self.required and self.given)

    @property
    def input_mode(self) -> str:
        return {"integer": "numeric", "number": "decimal"}.get(self.field_type, "text")

    @property
    def advanced_needs_attention(self) -> bool:
        """Whether the advanced part is open: it has problems or values."""
        return any(field.has_problem or field.touched for field in self.advanced_fields)

    @property
    def has_problem(self) -> bool:
        """Whether this field or one below has a problem."""
        return bool(self.problems or self.key_problems) or any(child.has_problem for child in self.children)

    @property
    def touched(self) -> bool:
        return self.given or any(child.touched for child in self.children)

    def walk(self) -> Iterator[Field]:
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def untouched_text(self) -> str:
        """What a browser posts for this field if it is untouched, apart from line breaks."""
        if self.shown_style == "switch":
            return self.on if self.text == "true" else self.off
        if self.shown_style in ("select", "segments"):
            return next((choice.value for choice in self.choices if choice.selected), "")
        return self.text

    @property
    def visible(self) -> list[Field]:
        return [child for child in self.children if not child.hidden]

    @property
    def basic_fields(self) -> list[Field]:
        return [child for child in self.visible if not child.advanced]

    @property
    def advanced_fields(self) -> list[Field]:
        return [child for child in self.visible if child.advanced]


@dataclass(slots=True)
class Group:
    """A panel of the form: fields under a heading, or a single object, list or map."""

    title: str
    description: str
    fields: list[Field]
    section: Field | None = None

    @property
    def id(self) -> str:
        return "g-" + html_id(self.title) if self.section is None else f"s-{self.section.id}"

    @property
    def basic_fields(self) -> list[Field]:
        return [field for field in self.fields if not field.advanced]

    @property
    def advanced_fields(self) -> list[Field]:
        return [field for field in self.fields if field.advanced]

    @property
    def advanced_needs_attention(self) -> bool:
        return any(field.has_problem or field.touched for field in self.advanced_fields)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A line of the summary. ``target`` is the id of the input, empty when no field is shown."""

    path: str
    message: str
    target: str


@dataclass(slots=True)
class FieldTree:
    root: Field
    groups: list[Group]
    field_problems: list[FieldProblem]
    parked: list[tuple[str, str]]  # (name, text) of hidden fields with values

    @property
    def is_long(self) -> bool:
        """Whether a page with its inputs would take seconds, on the server and in a browser."""
        return next(islice(self.root.walk(), MOST_FIELDS, None), None) is not None

    @property
    def shown_fields(self) -> list[Field]:
        """Every field that can show messages on the page."""
        return [field for field in self.root.walk() if field is not self.root and not field.hidden]

    @property
    def shape(self) -> str:
        """Changes when inputs appear, disappear or move; then the complete form must be rendered again."""
        names = "\n".join(field.name for field in self.root.walk() if not field.hidden)
        return sha256(names.encode()).hexdigest()[:12]
