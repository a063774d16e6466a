"""When a field is shown: its hint ``when`` names other fields of the spec, by their paths from its root.

``{size: custom}``, ``{box.kind: [a, b]}``. A field of a list's item may name fields of the same item:
``ports[].tls`` ← ``{ports[].secure: true}``. A field without a value counts as its default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.forms.fields.field_types import (
    Schema,
    children_of,
    is_absent,
    item_schema,
    property_schemas,
)
from catalog.forms.fields.hints import hint_for
from catalog.forms.fields.position import Position
from contracts.compiler import FormHints
from contracts.documents.paths import MISSING, Path, get

_STEP = re.compile(r"\[\]|\{\}|[^.\[\]{}]+")


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a form, evaluated for the values ``spec``."""

    schema: Schema
    hints: FormHints
    spec: Mapping[str, Any]

    def shows(self, at: Position, field: Schema, *, required: bool) -> bool:
        """Whether the field at ``at`` is shown.

        A required field without a default is shown in every object that exists: hidden, it could not be
        filled in, and the form could not be submitted. A condition that names no field of the contract hides
        nothing.
        """
        when = hint_for(self.hints, at.dotted_path).when
        if not when or all(self._holds(name, wanted, at.path) for name, wanted in when.items()):
            return True
        parent: Any = self.spec
        for step in at.path[:-1]:
            parent = _step_into(parent, step)
        return required and "default" not in field and isinstance(parent, dict)

    def _holds(self, name: str, wanted: Any, at: Path) -> bool:
        path = _concrete(name, at)
        if path is None:
            return True
        known, have = _effective(self.schema, self.spec, path)
        options = wanted if isinstance(wanted, list | tuple) else [wanted]
        return not known or any(type(one) is type(have) and one == have for one in options)


def _concrete(name: str, at: Path) -> Path | None:
    """The path of the named field; ``[]`` and ``{}`` are the row of ``at``. None if it is in no such row."""
    path: list[str | int] = []
    for step in _STEP.findall(name):
        if step not in ("[]", "{}"):
            path.append(step)
        elif at[: len(path)] == tuple(path) and len(at) > len(path):
            path.append(at[len(path)])
        else:
            return None
    return tuple(path)


def _effective(schema: Schema, spec: Any, path: Path) -> tuple[bool, Any]:
    """(whether the schema has the field, its value or default) at a path."""
    value = spec
    for step in path:
        if step in children_of(schema):
            schema = property_schemas(schema, value)[str(step)]
        else:
            schema = item_schema(schema)
        if not schema:
            return False, MISSING
        value = _step_into(value, step)
        if is_absent(schema, value):
            value = schema.get("default", MISSING)
    return True, value


def _step_into(value: Any, step: str | int) -> Any:
    """As ``get``, but a negative index is that of a row without a value."""
    return MISSING if isinstance(step, int) and step < 0 else get(value, (step,), MISSING)
