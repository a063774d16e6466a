"""A field, a card of fields, and the whole form: what the templates draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from catalog.forms.fields.field_types import SCALARS, Kind
from catalog.forms.fields.input_names import KEY, VALUE, html_id
from contracts.documents.paths import Path

_SEGMENTS = 4  # an enum with more values, or with long ones, is a list
_SEGMENT_LETTERS = 13
_SEARCH_FROM = 12  # an enum with more values is searched instead of opened


@dataclass(frozen=True, slots=True)
class Choice:
    """``value`` is what is posted; empty for the default, as long as nobody chose it."""

    value: str
    label: str
    selected: bool
    is_default: bool


@dataclass(slots=True)
class Field:
    """One field, ready to draw. ``name`` is its input's name, ``path`` where its value stands below
    ``spec``.
    """

    kind: Kind
    name: str
    path: Path
    label: str
    help: str = ""
    text: str = ""
    given: bool = False
    default: str = ""  # as text; only meaningful when has_default
    has_default: bool = False
    required: bool = False
    locked: bool = False  # immutable, and the instance exists
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
    key: str = ""  # of a map's row
    key_problems: list[str] = field(default_factory=list)
    group: str = ""
    hidden: bool = False
    focus: bool = False
    is_entry: bool = False  # a row of a map, which has a key
    off: str = "false"  # what a switch posts when it is off and on
    on: str = "true"

    @property
    def id(self) -> str:
        return html_id(self.name)

    @property
    def key_name(self) -> str:
        """The name of the input for the key of a map's row."""
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
    def focus_key(self) -> bool:
        """The focus of an added row of a map goes to its key."""
        return self.is_entry and any(one.focus for one in self.walk())

    @property
    def row_name(self) -> str:
        return self.name.removesuffix(f"/{VALUE}")

    @property
    def template(self) -> str:
        """The template that draws the input; what is locked is shown as text."""
        style = self.style
        if self.locked and style not in ("line", "lines"):
            style = "line"
        return f"catalog/fields/_{style}.html"

    @property
    def style(self) -> str:
        if self.kind == "choice":
            return self.choice_style
        if self.kind == "boolean":
            return "switch" if self.has_default or self.required else "select"
        return {"lines": "lines", "yaml": "lines"}.get(self.kind, "line")

    @property
    def choice_style(self) -> str:
        labels = [choice.label for choice in self.choices]
        if len(labels) <= _SEGMENTS and all(len(label) <= _SEGMENT_LETTERS for label in labels):
            return "segments"
        return "search" if len(labels) > _SEARCH_FROM else "select"

    @property
    def is_scalar(self) -> bool:
        return self.kind in SCALARS or self.kind == "yaml"

    @property
    def cells(self) -> list[Field]:
        """The inputs of a row that fits on one line."""
        return self.visible if self.kind == "object" else [self]

    @property
    def heads(self) -> list[Field]:
        """The cells of the first row, for the heads of the columns."""
        return self.children[0].cells if self.children else []

    @property
    def has_heads(self) -> bool:
        """A list of plain values needs no heads above its one column."""
        return self.kind == "map" or any(row.kind == "object" for row in self.children)

    @property
    def column_count(self) -> int:
        return len(self.heads) + (self.kind == "map")

    @property
    def is_flat(self) -> bool:
        """A list or map whose rows fit on one line each: at most four columns of scalars."""
        most = 3 if self.kind == "map" else 4
        return all(
            0 < len(row.cells) <= most and all(c.is_inline for c in row.cells) for row in self.children
        )

    @property
    def is_inline(self) -> bool:
        return self.kind in SCALARS and self.kind != "lines"

    @property
    def span(self) -> str:
        """How many of the four columns of the grid it takes: ``short`` 1, ``half`` 2, ``wide`` 4."""
        if self.wide or self.kind in ("object", "list", "map", "yaml", "lines"):
            return "wide"
        short = self.kind in ("integer", "number", "boolean", "flexible", "quantity")
        return "short" if short else "half"

    @property
    def shows_default(self) -> bool:
        """Whether the default is said beside the label; choices and switches show it themselves."""
        return (
            self.has_default
            and self.default != ""
            and self.kind not in ("choice", "boolean", "yaml", "lines")
        )

    @property
    def shown_placeholder(self) -> str:
        return self.default if self.has_default and self.default else self.placeholder

    @property
    def needs_blank(self) -> bool:
        """Whether a list of choices has one for nothing."""
        return self.kind == "choice" and not self.has_default and not (self.required and self.given)

    @property
    def numeric(self) -> bool:
        return self.kind in ("integer", "number")

    @property
    def folded_trouble(self) -> bool:
        """Whether the advanced part has something to look at."""
        return any(field.trouble or field.touched for field in self.folded)

    @property
    def trouble(self) -> bool:
        """Whether anything is wrong here or below."""
        return bool(self.problems or self.key_problems) or any(child.trouble for child in self.children)

    @property
    def touched(self) -> bool:
        return self.given or any(child.touched for child in self.children)

    def walk(self) -> Iterator[Field]:
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def visible(self) -> list[Field]:
        return [child for child in self.children if not child.hidden]

    @property
    def plain(self) -> list[Field]:
        return [child for child in self.visible if not child.advanced]

    @property
    def folded(self) -> list[Field]:
        return [child for child in self.visible if child.advanced]


@dataclass(slots=True)
class Group:
    """One card of the form: fields under a heading, or a single object, list or map."""

    title: str
    description: str
    fields: list[Field]
    section: Field | None = None

    @property
    def id(self) -> str:
        return "g-" + html_id(self.title) if self.section is None else f"s-{self.section.id}"

    @property
    def plain(self) -> list[Field]:
        return [field for field in self.fields if not field.advanced]

    @property
    def folded(self) -> list[Field]:
        return [field for field in self.fields if field.advanced]

    @property
    def folded_trouble(self) -> bool:
        return any(field.trouble or field.touched for field in self.folded)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A line of the summary: where, what, and the id of the input to go to (empty when no field is drawn)."""

    place: str
    message: str
    target: str


@dataclass(slots=True)
class FieldTree:
    root: Field
    groups: list[Group]
    troubles: list[Trouble]
    parked: list[tuple[str, str]]

    @property
    def drawn(self) -> list[Field]:
        """Every field that has a place for messages on the page."""
        return [field for field in self.root.walk() if field is not self.root and not field.hidden]

    @property
    def shape(self) -> str:
        """Changes when inputs appear, vanish or move: then the form is drawn anew, else only its messages
        are.
        """
        names = "\n".join(field.name for field in self.root.walk() if not field.hidden)
        return sha256(names.encode()).hexdigest()[:12]
