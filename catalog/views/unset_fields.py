"""Optional fields that the preview's nodes would wait for, with the inputs where they can be set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.forms.fields.field_types import Schema
from catalog.forms.fields.problem_paths import deepest_shown, parse_problem_path
from catalog.forms.instance_form import InstanceForm
from contracts.runtime import PreviewNode


@dataclass(frozen=True, slots=True)
class UnsetField:
    """``path``: in the manifest. ``target``: the id of its input, or empty. ``nodes``: what waits for it."""

    path: str
    target: str
    nodes: tuple[str, ...]


def unset_fields(form: InstanceForm, schema: Schema, nodes: Iterable[PreviewNode]) -> list[UnsetField]:
    """Of the fields that are not set, those that the form does not ask for anyway."""
    waiting: dict[str, list[str]] = {}
    for node in nodes:
        for path in node.missing:
            waiting.setdefault(path, []).append(node.id)
    shown = {one.path: one for one in form.tree.root.walk() if not one.hidden}
    asked = {problem.target for problem in (*form.missing, *form.field_problems) if problem.target}
    found = []
    for path, ids in waiting.items():
        at = deepest_shown(parse_problem_path(path, schema), shown)
        target = shown[at].id if at else ""
        if target not in asked:
            found.append(UnsetField(path, target, tuple(ids)))
    return found
