"""Differences between two specs, explicit values, and the three-way merge of edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.forms.fields.field_types import Schema, children_of
from catalog.forms.fields.scalars import to_text
from catalog.forms.yaml_text import identical
from contracts.documents.paths import MISSING, Path, print_path


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A changed field. A missing side is an empty string with ``was_set`` or ``is_set`` false."""

    path: Path
    before: str
    after: str
    was_set: bool
    is_set: bool

    @property
    def path_text(self) -> str:
        return print_path(self.path)


def field_changes(before: Any, after: Any, path: Path = ()) -> Iterator[FieldChange]:
    """Compares leaf by leaf, in the order of the keys of both sides; lists item by item."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from field_changes(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else MISSING
            new = after[index] if index < len(after) else MISSING
            yield from field_changes(old, new, (*path, index))
    elif type(before) is not type(after) or before != after:
        yield FieldChange(path, _text(before), _text(after), before is not MISSING, after is not MISSING)


def _text(value: Any) -> str:
    return '""' if value == "" else to_text("text", value)


def explicit_values(
    schema: Schema, spec: Mapping[str, Any], requested: Mapping[str, Any] | None
) -> dict[str, Any]:
    """``spec`` without the defaults that the API server filled in.

    ``requested`` is the spec of the last delivered change: its fields are explicit, even if they equal the
    default. Without it (an instance applied with kubectl), every value that differs from its default is.
    """
    explicit: dict[str, Any] = {}
    properties = children_of(schema)
    for key, value in spec.items():
        child = properties.get(key, {})
        asked = requested.get(key, MISSING) if isinstance(requested, Mapping) else MISSING
        if isinstance(value, Mapping) and children_of(child):
            inner = explicit_values(child, value, asked if isinstance(asked, Mapping) else None)
            if inner or asked is not MISSING or "default" not in child:
                explicit[key] = inner
        elif asked is not MISSING or "default" not in child or not identical(value, child["default"]):
            explicit[key] = value
    return explicit


def merge_three_way(base: Any, own: Any, other: Any) -> Any:
    """Applies the difference between ``base`` and ``own`` to ``other``. Where both changed, ``own`` wins."""
    if identical(own, base):
        return other
    if isinstance(own, Mapping) and isinstance(other, Mapping):
        old = base if isinstance(base, Mapping) else {}
        merged = {}
        for key in dict.fromkeys((*other, *own)):
            value = merge_three_way(old.get(key, MISSING), own.get(key, MISSING), other.get(key, MISSING))
            if value is not MISSING:
                merged[key] = value
        return merged
    return own
