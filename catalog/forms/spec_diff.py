"""What differs between two specs, field by field, and what was really asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.forms.fields.field_types import Schema, children_of
from catalog.forms.fields.scalars import to_text
from contracts.documents.paths import MISSING, Path, print_path


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that changes. A missing side is an empty text with ``was_set`` or ``is_set`` false."""

    path: Path
    before: str
    after: str
    was_set: bool
    is_set: bool

    @property
    def place(self) -> str:
        return print_path(self.path)


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """Leaf by leaf, in the order of the keys of both sides. Lists are compared item by item."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else MISSING
            new = after[index] if index < len(after) else MISSING
            yield from differences(old, new, (*path, index))
    elif type(before) is not type(after) or before != after:
        yield Difference(path, _text(before), _text(after), before is not MISSING, after is not MISSING)


def _text(value: Any) -> str:
    return '""' if value == "" else to_text("text", value)


def asked_for(schema: Schema, spec: Mapping[str, Any], asked: Mapping[str, Any] | None) -> dict[str, Any]:
    """``spec`` without the defaults that the API server filled in.

    ``asked`` is the spec of the last change that was delivered: what it names was meant, even when it equals
    the default. Without it (an instance that came by kubectl) every value that differs from its default was.
    """
    meant: dict[str, Any] = {}
    properties = children_of(schema)
    for key, value in spec.items():
        child = properties.get(key, {})
        said = asked.get(key, MISSING) if isinstance(asked, Mapping) else MISSING
        if isinstance(value, Mapping) and children_of(child):
            inner = asked_for(child, value, said if isinstance(said, Mapping) else None)
            if inner or said is not MISSING or "default" not in child:
                meant[key] = inner
        elif said is not MISSING or "default" not in child or value != child["default"]:
            meant[key] = value
    return meant


def rebased(base: Any, mine: Any, theirs: Any) -> Any:
    """Three-way: what I changed since ``base``, on top of ``theirs``. Where both changed, mine wins."""
    if mine == base and type(mine) is type(base):
        return theirs
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        ground = base if isinstance(base, Mapping) else {}
        merged = {}
        for key in dict.fromkeys((*theirs, *mine)):
            value = rebased(ground.get(key, MISSING), mine.get(key, MISSING), theirs.get(key, MISSING))
            if value is not MISSING:
                merged[key] = value
        return merged
    return mine
