"""Checks the types of a node's expressions: template, forEach, includeWhen, readyWhen (kro §3.5, §4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts import cel
from contracts.compiler.checks.expression_types import ExpressionChecker, Names, Variables, names_in
from contracts.compiler.definition import Code
from contracts.compiler.parsing.nodes import NodeDraft
from contracts.compiler.reporter import Reporter


def check_nodes(
    drafts: Sequence[NodeDraft],
    variables: Variables,
    types: Mapping[str, cel.Type],
    cluster_scoped: bool,
    checker: ExpressionChecker,
) -> None:
    for draft in drafts:
        others = Names(variables, draft.id)
        iterators = _check_for_each(draft, others, checker)
        _check_template(draft, Names({**others, **iterators}, draft.id), checker)
        for index, code in enumerate(draft.include_when):
            checker.condition(code, (*draft.at, "includeWhen", index), others, "includeWhen")
        own = _own_names(draft, types.get(draft.id, cel.DYN))
        for index, code in enumerate(draft.ready_when):
            checker.condition(code, (*draft.at, "readyWhen", index), own, "readyWhen")
        _check_identity(draft, checker.reporter)
        _check_omit(draft, cluster_scoped, checker.reporter)


def _own_names(draft: NodeDraft, one: cel.Type) -> dict[str, cel.Type]:
    """The names in readyWhen. For selectors the list and ``each`` work, where kro has neither (quirk 7)."""
    match draft.type:
        case "collection":
            return {"each": one}
        case "external-collection":
            return {"each": one, draft.id: cel.ListType(one)}
    return {draft.id: one}


def _check_for_each(
    draft: NodeDraft, variables: Variables, checker: ExpressionChecker
) -> dict[str, cel.Type]:
    return {
        dimension.name: checker.iterated(
            dimension.code, (*draft.at, "forEach", index, dimension.name), variables
        )
        for index, dimension in enumerate(draft.for_each)
    }


def _check_template(draft: NodeDraft, variables: Mapping[str, cel.Type], checker: ExpressionChecker) -> None:
    resolve_ref = draft.info.resolve_ref if draft.info else None
    for found in draft.expressions:
        at = (*draft.body_at, *found.code.path)
        before = len(checker.reporter.problems)
        have = checker.type_of(found.code, at, variables)
        if found.schema is not None and len(checker.reporter.problems) == before:
            expected = _expected(found.schema, resolve_ref)
            if not _fits(found.code, have, variables, expected):
                checker.report_unfit(at, have, expected)


def _fits(code: Code, have: cel.Type, variables: Mapping[str, cel.Type], expected: cel.Type) -> bool:
    """Whether a value is assignable to its field, by its type or by the keys of its map literals."""
    if cel.assignable(have, expected) is None:
        return True
    return code.standalone and cel.literals_fit(code.expressions[0].expression, variables, expected)


def _expected(schema: Mapping[str, Any], resolve_ref: Any) -> cel.Type:
    return cel.from_openapi(schema, name="field", resolve_ref=resolve_ref)


def _check_identity(draft: NodeDraft, reporter: Reporter) -> None:
    """Every iterator must occur in the name, or in the namespace of a namespaced kind (kro §4.4)."""
    if not draft.for_each:
        return
    paths = [("metadata", "name")] + ([("metadata", "namespace")] if draft.namespaced else [])
    used = names_in([found.code for found in draft.expressions if found.code.path in paths])
    missing = [name for name in draft.iterators if name not in used]
    if missing:
        names = " and ".join(f"“{name}”" for name in missing)
        verb = "does" if len(missing) == 1 else "do"
        where = "metadata.name or metadata.namespace" if draft.namespaced else "metadata.name"
        message = f"Every object needs a unique name, but {names} {verb} not occur in {where}."
        hint = f"For example name: ${{schema.metadata.name}}-${{{missing[0]}}}."
        reporter.add((*draft.body_at, "metadata", "name"), "foreach-identity", message, hint)


def _check_omit(draft: NodeDraft, cluster_scoped: bool, reporter: Reporter) -> None:
    """A name cannot be left out, nor a namespace when the instance has none (kro §3.8)."""
    for found in draft.expressions:
        if not any("omit" in part.expression.functions for part in found.code.expressions):
            continue
        at = (*draft.body_at, *found.code.path)
        needed = found.code.path == ("metadata", "name") or (
            found.code.path == ("metadata", "namespace") and cluster_scoped and draft.namespaced
        )
        if needed:
            reporter.add(at, "omit", f"{'.'.join(map(str, found.code.path))} cannot be left out.")
        else:
            message = "kro supports omit() only with the feature gate CELOmitFunction."
            reporter.add(at, "kro-would-refuse", message, severity="warning")
