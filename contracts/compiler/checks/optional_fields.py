"""Optional fields that nodes need: without a value there, a node is never rendered. Warnings.

A field of the schema is one if it is not required, has no default, and an expression of an included node
fails when it is absent. A condition on the field is a guard: in includeWhen, in an expression, in a rule of
the schema. What a condition on another field decides within an expression is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts import cel
from contracts.cel.typecheck import absence
from contracts.cel.typecheck.absence import ITEM, Outcome, Place
from contracts.compiler.checks.dependencies import codes_of, spread
from contracts.compiler.checks.rules import RULES, rules_in
from contracts.compiler.definition import Code
from contracts.compiler.parsing.nodes import NodeDraft
from contracts.compiler.reporter import Reporter, key_of

Schema = Mapping[str, Any]
MAX_WORK = 300_000
"""Nodes of expressions that are interpreted; of a larger definition, only the first fields are checked."""
FieldPath = tuple[str, ...]  # from the root of the instance; the items of a list are “[]”


def check_optional_fields(
    schema: Schema,
    drafts: Sequence[NodeDraft],
    needs: Mapping[str, Sequence[str]],
    at: Sequence[str | int],
    reporter: Reporter,
) -> None:
    """``at``: the path of the schema in the document."""
    known = {id(code): _names([code]) for draft in drafts for _, code, _ in codes_of(draft)}
    weights = {id(code): _weight(code) for draft in drafts for _, code, _ in codes_of(draft)}
    read = frozenset().union(*known.values())
    guards = _guards(schema)
    work = 0
    for field in optional_fields(schema, ("spec",)):
        names = frozenset(field[1:]) - {ITEM}
        if not names <= read or any(_is_guarded(field, guard) for guard in guards):
            continue
        work += sum(weights[code] for code, found in known.items() if field[-1] in found)
        if work > MAX_WORK:
            return
        excluded = spread({draft.id for draft in drafts if _excluded(draft, field, known)}, needs)
        nodes = [draft.id for draft in drafts if draft.id not in excluded and _needs(draft, field, known)]
        if nodes:
            _report(field, nodes, at, reporter)


def _report(field: FieldPath, nodes: Sequence[str], at: Sequence[str | int], reporter: Reporter) -> None:
    shown = ".".join(field).replace(f".{ITEM}", ITEM)
    named = [f"“{node}”" for node in dict.fromkeys(nodes)]
    if len(named) == 1:
        which = f"{named[0]} needs it and is not created without it"
    else:
        which = f"{', '.join(named[:-1])} and {named[-1]} need it and are not created without it"
    message = f"“{shown}” is optional and has no default, but {which}."
    hint = "Make it required, give it a default, or read it with “.?” and orValue(…)."
    path = (*at, *(name for name in field[1:] if name != ITEM))
    reporter.add(key_of(path), "optional-field-needed", message, hint, severity="warning")


def optional_fields(schema: Schema, at: FieldPath) -> Iterator[FieldPath]:
    """The fields that an instance may lack, also those within others and within items of lists and maps."""
    required = schema.get("required") or ()
    for name, child in (schema.get("properties") or {}).items():
        if name not in required and "default" not in child:
            yield (*at, name)
        yield from optional_fields(child, (*at, name))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from optional_fields(schema[key], (*at, ITEM))


def _excluded(draft: NodeDraft, field: FieldPath, known: Mapping[int, frozenset[str]]) -> bool:
    """Whether includeWhen may exclude the node because the field is absent."""
    for code in draft.include_when:
        outcome = _outcome(code, field, {})
        reads = field[-1] in known[id(code)]
        if outcome in (Outcome.FALSE, Outcome.NONE) or (reads and outcome is Outcome.OPEN):
            return True
    return False


def _needs(draft: NodeDraft, field: FieldPath, known: Mapping[int, frozenset[str]]) -> bool:
    """Whether one of the node's expressions fails when the field is absent."""
    iterators: dict[str, absence.Value] = {}
    for dimension in draft.for_each:
        found = _outcome(dimension.code, field, {})
        if found is Outcome.FAILS:
            return True
        iterators[dimension.name] = absence.item_of(found, field)
    return any(
        _outcome(code, field, iterators if position == "template" else {}) is Outcome.FAILS
        for position, code, _ in codes_of(draft)
        if field[-1] in known[id(code)]
    )


def _outcome(code: Code, field: FieldPath, iterators: Mapping[str, absence.Value]) -> absence.Value:
    names = {"schema": Place(()), **iterators}
    found = [absence.without(part.expression, field, names) for part in code.expressions]
    if Outcome.FAILS in found:
        return Outcome.FAILS
    return found[0] if code.standalone else Outcome.OPEN


def _names(codes: Sequence[Code]) -> frozenset[str]:
    parts = [part for code in codes for part in code.expressions]
    return frozenset().union(*(absence.field_names(part.expression) for part in parts))


def _weight(code: Code) -> int:
    return sum(part.expression.node.weight for part in code.expressions)


def _guards(schema: Schema) -> list[tuple[FieldPath, frozenset[str]]]:
    """Each rule of the schema: the path that it is at, without “[]”, and the names of the fields it reads."""
    found = []
    for path, _, rule, _ in rules_in(schema, ("spec",)):
        try:
            expression = cel.parse(rule, RULES)
        except cel.CelSyntaxError:
            continue
        found.append((tuple(map(str, path)), absence.field_names(expression)))
    return found


def _is_guarded(field: FieldPath, guard: tuple[FieldPath, frozenset[str]]) -> bool:
    """Whether a rule of an object around the field reads it: it may refuse instances without the field."""
    path, names = guard
    plain = tuple(name for name in field if name != ITEM)
    return plain[: len(path)] == path and len(plain) > len(path) and field[-1] in names
