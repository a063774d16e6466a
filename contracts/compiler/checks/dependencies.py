"""Dependencies between nodes with the expressions behind them, and cycles (kro §4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from contracts.compiler.definition import Code, Outline, OutlineEdge, OutlineNode, Reason
from contracts.compiler.parsing.nodes import NodeDraft
from contracts.compiler.reporter import Reporter, characters
from contracts.documents import Span, print_path
from contracts.graph import cycles

Path = tuple[str | int, ...]
Position = Literal["template", "forEach", "includeWhen"]


@dataclass(frozen=True, slots=True)
class Use:
    """One reference to a node's id; ``start`` and ``end`` count characters of the scalar at ``at``."""

    user: str
    reason: Reason
    at: Path
    start: int
    end: int


def codes_of(draft: NodeDraft) -> Iterator[tuple[Position, Code, Path]]:
    """Every code that creates edges, with its path in the document."""
    for dimension in draft.for_each:
        yield "forEach", dimension.code, _dimension_at(draft, dimension.name)
    for index, code in enumerate(draft.include_when):
        yield "includeWhen", code, (*draft.at, "includeWhen", index)
    for found in draft.expressions:
        yield "template", found.code, (*draft.body_at, *found.code.path)


def _dimension_at(draft: NodeDraft, name: str) -> Path:
    return (*draft.at, "forEach", draft.iterators.index(name), name)


def uses(drafts: Sequence[NodeDraft], reporter: Reporter) -> list[Use]:
    """Every use of one node by another, in text order. A node's own iterators are no references."""
    ids = {draft.id for draft in drafts if draft.id}
    found = []
    for draft in drafts:
        for position, code, at in codes_of(draft):
            hidden = set(draft.iterators) if position == "template" else set()
            for part in code.expressions:
                for ref in part.expression.references:
                    if ref.root in ids and ref.root not in hidden:
                        start, end = part.start + ref.start, part.start + ref.end
                        span = reporter.span(characters(at, start, end))
                        reason = Reason(ref.root, part.source.strip(), print_path(at), position, span)
                        found.append(Use(draft.id, reason, at, start, end))
    return found


def needs_of(drafts: Sequence[NodeDraft], found: Sequence[Use]) -> dict[str, list[str]]:
    """``{id: ids it needs}`` in author order, without self references."""
    needs: dict[str, list[str]] = {draft.id: [] for draft in drafts if draft.id}
    for use in found:
        known = needs.get(use.user)
        if known is not None and use.reason.node != use.user and use.reason.node not in known:
            known.append(use.reason.node)
    position = {node: index for index, node in enumerate(needs)}
    return {node: sorted(needed, key=position.__getitem__) for node, needed in needs.items()}


def report_cycles(needs: dict[str, list[str]], found: Sequence[Use], reporter: Reporter) -> None:
    for use in found:
        if use.user == use.reason.node:
            message = f"“{use.user}” refers to itself, but its object does not exist before it is rendered."
            hint = "Use “schema”, or move a condition on the live object to readyWhen."
            reporter.add(characters(use.at, use.start, use.end), "self-reference", message, hint)
    for cycle in cycles(needs):
        steps = [_edge(user, needed, found) for user, needed in pairwise(cycle)]
        path = " → ".join(cycle)
        hint = (
            "The cycle consists of "
            + ", ".join(f"“{step.reason.expression}” in {step.user}" for step in steps)
            + "."
        )
        message = f"These nodes depend on each other: {path}."
        reporter.add(characters(steps[0].at, steps[0].start, steps[0].end), "cycle", message, hint)


def _edge(user: str, needed: str, found: Sequence[Use]) -> Use:
    return next(use for use in found if use.user == user and use.reason.node == needed)


def outline_of(
    drafts: Sequence[NodeDraft], needs: dict[str, list[str]], found: Sequence[Use], reporter: Reporter
) -> Outline:
    """The graph, also of a definition that has errors."""
    conditional = conditional_nodes(drafts, needs)
    nodes = tuple(
        OutlineNode(
            draft.id,
            draft.type,
            draft.api_version,
            draft.kind,
            _span(draft, reporter),
            draft.id in conditional,
        )
        for draft in drafts
        if draft.id
    )
    expressions: dict[tuple[str, str], dict[str, None]] = {}
    for use in found:
        expressions.setdefault((use.user, use.reason.node), {})[use.reason.expression] = None
    edges = tuple(
        OutlineEdge(user, needed, tuple(expressions[user, needed]))
        for user, needed_by in needs.items()
        for needed in needed_by
    )
    return Outline(nodes, edges)


def conditional_nodes(drafts: Sequence[NodeDraft], needs: Mapping[str, Sequence[str]]) -> set[str]:
    """The nodes of which an expression decides whether they have objects.

    It is in includeWhen or forEach of the node, or of one that it needs: exclusion spreads (kro §4.5). A
    condition that reads nothing is always the same, so it decides nothing.
    """
    return spread({draft.id for draft in drafts if _decides([*draft.include_when, *_lists(draft)])}, needs)


def spread(found: set[str], needs: Mapping[str, Sequence[str]]) -> set[str]:
    """These nodes and all that need one of them, directly or through others."""
    more = {node for node, needed in needs.items() if found.intersection(needed)} - found
    return spread(found | more, needs) if more else found


def _lists(draft: NodeDraft) -> list[Code]:
    return [dimension.code for dimension in draft.for_each]


def _decides(codes: Sequence[Code]) -> bool:
    return any(part.expression.references for code in codes for part in code.expressions)


def _span(draft: NodeDraft, reporter: Reporter) -> Span:
    return reporter.span((*draft.at, "id"))
