"""``spec.schema.status.conditions``: the author's own conditions, and what they may read (kro §5.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts import cel
from contracts.cel.syntax.nodes import Call, Ident, Literal, NewCondition, walk
from contracts.compiler.checks.expression_types import ExpressionChecker, Variables
from contracts.compiler.definition import Code, Part
from contracts.compiler.reporter import Location, Reporter, characters
from contracts.problems import did_you_mean

Path = tuple[str | int, ...]
AT: Path = ("spec", "schema", "status", "conditions")
OWN_TYPES = ("Ready", "InstanceManaged", "GraphResolved", "ResourcesReady")
"""The conditions that the reconciler sets."""


def check_conditions(
    conditions: Sequence[tuple[int, Code]],
    variables: Variables,
    schema_type: cel.Type,
    checker: ExpressionChecker,
) -> None:
    """Each entry, with its index, must return one condition or a list of them."""
    reporter = checker.reporter
    names = {**variables, "schema": schema_type}
    declared: dict[str, int] = {}
    for index, code in conditions:
        _check_types(code, (*AT, index), index, declared, reporter)
    for index, code in conditions:
        at = (*AT, index)
        _check_reads(code, at, declared, reporter)
        before = len(reporter.problems)
        found = checker.type_of(code, at, names, place="conditions")
        if len(reporter.problems) == before and not _returns_conditions(found):
            message = (
                f"An entry must return runtime.newCondition(…) or a list of them, but this returns {found}."
            )
            reporter.add(at, "condition-type", message)


def _returns_conditions(found: cel.Type) -> bool:
    if isinstance(found, cel.ListType):
        return _returns_conditions(found.element)
    return found in (cel.DYN, cel.ConditionType)


def _check_types(code: Code, at: Path, index: int, declared: dict[str, int], reporter: Reporter) -> None:
    """The same literal type twice within one entry is fine: its branches may exclude each other."""
    for part, literal in _declared(code):
        name = str(literal.value)
        if declared.setdefault(name, index) != index:
            message = f"The condition “{name}” is declared by more than one entry."
            hint = f"See status.conditions[{declared[name]}]."
            reporter.add(_literal_at(at, part, literal), "condition-twice", message, hint)


def _declared(code: Code) -> Iterator[tuple[Part, Literal]]:
    for part in code.expressions:
        for node in walk(part.expression.node):
            if isinstance(node, NewCondition):
                literal = dict(node.fields).get("type")
                if isinstance(literal, Literal) and isinstance(literal.value, str):
                    yield part, literal


def _check_reads(code: Code, at: Path, declared: dict[str, int], reporter: Reporter) -> None:
    for part in code.expressions:
        for node in walk(part.expression.node):
            literal = _read_of_schema(node)
            if literal is None or literal.value in OWN_TYPES:
                continue
            if literal.value in declared:
                message = f"“{literal.value}” is one of your own conditions, which cannot read each other."
                hint = f"The reconciler's conditions are {', '.join(OWN_TYPES)}."
            else:
                message = f"The reconciler has no condition “{literal.value}”."
                hint = did_you_mean(str(literal.value), OWN_TYPES) or f"There are {', '.join(OWN_TYPES)}."
            reporter.add(_literal_at(at, part, literal), "condition-unknown", message, hint)


def _read_of_schema(node: object) -> Literal | None:
    """The literal of ``runtime.condition(schema, "X")``."""
    if not isinstance(node, Call) or node.function != "condition" or len(node.args) != 2:
        return None
    target, (source, name) = node.target, node.args
    is_runtime = isinstance(target, Ident) and target.name == "runtime"
    reads_schema = isinstance(source, Ident) and source.name == "schema"
    if is_runtime and reads_schema and isinstance(name, Literal) and isinstance(name.value, str):
        return name
    return None


def _literal_at(at: Path, part: Part, literal: Literal) -> Location:
    return characters(at, part.start + literal.start, part.start + literal.end)
