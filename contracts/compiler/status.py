"""``spec.schema.status``: its expressions, and the schema that their types give it (kro §5.5, §5.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts import cel
from contracts.compiler.checking import ExpressionChecker, Variables, names_in, worded
from contracts.compiler.definition import Code
from contracts.compiler.extraction import CONDITIONS, extract, standalone
from contracts.compiler.reporter import Reporter

Path = tuple[str | int, ...]
Schema = dict[str, Any]
AT: Path = ("spec", "schema", "status")
_TAKES_A_TEXT: tuple[Schema, ...] = ({"type": "string"}, {"x-kubernetes-preserve-unknown-fields": True})

CONDITIONS_SCHEMA: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "status": {"type": "string"},
            "reason": {"type": "string"},
            "message": {"type": "string"},
            "lastTransitionTime": {"type": "string"},
            "observedGeneration": {"type": "integer"},
        },
    },
}


def read_status(status: Any, reporter: Reporter) -> tuple[list[Code], list[tuple[int, Code]]]:
    """The codes of status fields, and those of ``status.conditions`` with their positions."""
    if status is None:
        return [], []
    if not isinstance(status, Mapping):
        reporter.add(AT, "wrong-type", "The status must be a map of fields.")
        return [], []
    fields = [
        code
        for name, value in status.items()
        if name != "conditions"
        for code in _leaves(value, (name,), reporter)
    ]
    conditions = list(_conditions(status.get("conditions"), reporter))
    return fields, conditions


def _leaves(value: Any, path: Path, reporter: Reporter) -> Iterator[Code]:
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from _leaves(child, (*path, name), reporter)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, (*path, index), reporter)
    else:
        yield from _leaf(value, path, reporter)


def _leaf(value: Any, path: Path, reporter: Reporter) -> Iterator[Code]:
    at = (*AT, *path)
    before = len(reporter.problems)
    code = extract(value, at, path, reporter) if isinstance(value, str) else None
    if code is not None:
        yield code
    elif not any(problem.is_error for problem in reporter.problems[before:]):
        message = "A status field is an expression; a fixed value has no place there."
        hint = "Types belong to spec.schema.spec." if value in ("string", "integer", "boolean") else ""
        reporter.add(at, "status-literal", message, hint or "Write “${…}” with a node or schema in it.")


def _conditions(value: Any, reporter: Reporter) -> Iterator[tuple[int, Code]]:
    at = (*AT, "conditions")
    if value is None:
        return
    if not isinstance(value, list):
        hint = "Write a list with “- ${runtime.newCondition({…})}”."
        reporter.add(at, "wrong-type", "status.conditions must be a list of expressions.", hint)
        return
    for index, text in enumerate(value):
        code = standalone(text, (*at, index), reporter, "A condition", CONDITIONS)
        if code is not None:
            yield index, code


def status_schema(
    fields: list[Code], variables: Variables, checker: ExpressionChecker, reporter: Reporter
) -> Schema:
    """OpenAPI of the projected status: each leaf is typed by its expression."""
    leaves: dict[Any, Any] = {}
    for code in fields:
        at = (*AT, *code.path)
        before = len(reporter.problems)
        found = checker.type_of(code, at, variables, place="status")
        refers = names_in([code]) & set(variables)
        if not refers and len(reporter.problems) == before:
            message = "A status field must refer to a node or to schema."
            reporter.add(at, "status-constant", message)
        if code.path == ("state",) and cel.to_openapi(found) not in _TAKES_A_TEXT:
            message = f"status.state is a text that the reconciler writes; this gives {worded(found)}."
            reporter.add(at, "status-state", message, "Choose another name.")
        _place(leaves, code.path, cel.to_openapi(found))
    properties = {name: _assembled(tree) for name, tree in leaves.items()}
    properties["state"] = {"type": "string"}
    properties["conditions"] = CONDITIONS_SCHEMA
    return {"type": "object", "properties": properties}


@dataclass(frozen=True, slots=True)
class _Leaf:
    schema: Schema


def _place(tree: dict[Any, Any], path: Path, leaf: Schema) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = _Leaf(leaf)


def _assembled(tree: Any) -> Schema:
    """A map of fields is an object, a map of positions a list; items that differ may be anything."""
    if isinstance(tree, _Leaf):
        return tree.schema
    schemas = {key: _assembled(child) for key, child in tree.items()}
    if not all(isinstance(key, int) for key in schemas):
        return {"type": "object", "properties": schemas}
    first, *others = schemas.values()
    same = all(other == first for other in others)
    return {"type": "array", "items": first if same else {"x-kubernetes-preserve-unknown-fields": True}}
