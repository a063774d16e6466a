"""``spec.schema.status``: its expressions, and the schema that follows from their types (kro §5.5, §5.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts import cel
from contracts.compiler.checks.expression_types import ExpressionChecker, Variables, describe_type, names_in
from contracts.compiler.definition import Code
from contracts.compiler.parsing.expressions import CONDITIONS, extract, standalone
from contracts.compiler.reporter import Reporter

Path = tuple[str | int, ...]
Schema = dict[str, Any]
AT: Path = ("spec", "schema", "status")
_ANYTHING: Schema = {"x-kubernetes-preserve-unknown-fields": True}
_ACCEPTS_A_STRING: tuple[Schema, ...] = ({"type": "string"}, _ANYTHING)

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
    """The codes of status fields, and those of ``status.conditions`` with their indexes."""
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
        message = "A status field must be an expression, not a fixed value."
        hint = "Types belong to spec.schema.spec." if value in ("string", "integer", "boolean") else ""
        reporter.add(
            at, "status-literal", message, hint or "Write “${…}” that refers to a node or to schema."
        )


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


def status_schema(fields: list[Code], variables: Variables, checker: ExpressionChecker) -> Schema:
    """OpenAPI of the projected status: each leaf is typed by its expression."""
    reporter = checker.reporter
    leaves: dict[Any, Any] = {}
    for code in fields:
        at = (*AT, *code.path)
        before = len(reporter.problems)
        found = checker.type_of(code, at, variables, place="status")
        refers = names_in([code]) & set(variables)
        if not refers and len(reporter.problems) == before:
            message = "A status field must refer to a node or to schema."
            reporter.add(at, "status-constant", message)
        _check_state(code.path, found, reporter)
        _place(leaves, code.path, cel.to_openapi(found))
    properties = {name: _merged_schema([tree]) for name, tree in leaves.items()}
    properties.setdefault("state", {"type": "string"})
    properties["conditions"] = CONDITIONS_SCHEMA
    return {"type": "object", "properties": properties}


def _check_state(path: Path, found: cel.Type, reporter: Reporter) -> None:
    """kro writes a string there, whatever the author declares (quirk 2)."""
    if path[0] != "state" or (len(path) == 1 and cel.to_openapi(found) in _ACCEPTS_A_STRING):
        return
    given = describe_type(found) if len(path) == 1 else "a list" if isinstance(path[1], int) else "a map"
    message = f"status.state is a string that the reconciler sets, but this returns {given}."
    reporter.add((*AT, *path), "status-state", message, "Choose another name.")


@dataclass(frozen=True, slots=True)
class _Leaf:
    schema: Schema


def _place(tree: dict[Any, Any], path: Path, leaf: Schema) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = _Leaf(leaf)


def _merged_schema(trees: Sequence[Any]) -> Schema:
    """The schema of everything at one path: several trees are the items of one list.

    A map of fields is an object, a map of indexes a list. Fields of items are merged; where items differ in
    type, any value is allowed.
    """
    leaves = [tree.schema for tree in trees if isinstance(tree, _Leaf)]
    if leaves:
        same = len(leaves) == len(trees) and all(leaf == leaves[0] for leaf in leaves)
        return leaves[0] if same else dict(_ANYTHING)
    names = list(dict.fromkeys(name for tree in trees for name in tree))
    if all(isinstance(name, int) for name in names):
        return {"type": "array", "items": _merged_schema([item for tree in trees for item in tree.values()])}
    if any(isinstance(name, int) for name in names):
        return dict(_ANYTHING)
    properties = {name: _merged_schema([tree[name] for tree in trees if name in tree]) for name in names}
    return {"type": "object", "properties": properties}
