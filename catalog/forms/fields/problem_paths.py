"""Maps the paths of problems, as the portal and API servers print them, to the paths of fields."""

from __future__ import annotations

import re
from collections.abc import Container

from catalog.forms.fields.field_types import SCALARS, Schema, children_of, field_type_of, item_schema
from contracts.documents.paths import Path

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\]]*)\]")


def parse_problem_path(text: str, schema: Schema) -> Path:
    """``spec.ports[0].name``, ``spec.env[LOG.LEVEL]``, ``env.LOG.LEVEL`` → the path below ``spec``.

    The schema of ``spec`` guides the walk: below a map of scalars, dots belong to the key. API servers write
    both forms. Stops at the first part that cannot be parsed.
    """
    text = text.removeprefix("spec")
    text = text.removeprefix(".")
    path: list[str | int] = []
    at: Schema = schema
    while text:
        field_type = field_type_of(at)
        if field_type == "map" and not text.startswith("[") and field_type_of(item_schema(at)) in SCALARS:
            return (*path, text.removeprefix("."))
        match = _STEP.match(text)
        if match is None:
            break
        text = text[match.end() :]
        basic_fields, bracketed = match.groups()
        step = basic_fields if basic_fields is not None else bracketed
        if bracketed is not None and bracketed[:1] in ("'", '"'):
            step = bracketed[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if basic_fields is None and step.isdecimal() and field_type != "map":
            path.append(int(step))
        else:
            path.append(step)
        at = children_of(at).get(step, {}) if field_type == "object" else item_schema(at)
    return tuple(path)


def deepest_shown(path: Path, shown: Container[Path]) -> Path:
    """The longest prefix of ``path`` in ``shown``; the root always is."""
    for length in range(len(path), 0, -1):
        if path[:length] in shown:
            return path[:length]
    return ()
