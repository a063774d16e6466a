"""Where an error belongs: printed paths of the portal and of API servers → the path of a field."""

from __future__ import annotations

import re
from collections.abc import Container

from catalog.forms.fields.field_types import SCALARS, Schema, children_of, item_schema, kind_of
from contracts.documents.paths import Path

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\]]*)\]")


def path_of(text: str, schema: Schema) -> Path:
    """``spec.ports[0].name``, ``spec.env[LOG.LEVEL]``, ``env.LOG.LEVEL`` → the path below ``spec``.

    The schema of ``spec`` guides the walk: below a map of scalars, dots belong to the key (KEP-free prose of
    API servers writes both forms). What cannot be understood ends the path.
    """
    text = text.removeprefix("spec")
    text = text.removeprefix(".")
    path: list[str | int] = []
    at: Schema = schema
    while text:
        kind = kind_of(at)
        if kind == "map" and not text.startswith("[") and kind_of(item_schema(at)) in SCALARS:
            return (*path, text.removeprefix("."))
        match = _STEP.match(text)
        if match is None:
            break
        text = text[match.end() :]
        plain, bracketed = match.groups()
        step = plain if plain is not None else bracketed
        if bracketed is not None and bracketed[:1] in ("'", '"'):
            step = bracketed[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if plain is None and step.isdecimal() and kind != "map":
            path.append(int(step))
        else:
            path.append(step)
        at = children_of(at).get(step, {}) if kind == "object" else item_schema(at)
    return tuple(path)


def deepest_drawn(path: Path, drawn: Container[Path]) -> Path:
    """The longest beginning of ``path`` that is drawn; the root always is."""
    for length in range(len(path), 0, -1):
        if path[:length] in drawn:
            return path[:length]
    return ()
