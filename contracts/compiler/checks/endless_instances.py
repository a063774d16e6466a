"""Kinds whose instances create instances of the same kind again, directly or through other contracts.

Without a condition on the way, one instance becomes endlessly many. A condition is no proof that they end:
what it reads may be the same at each level. So it makes the error a warning, and the reconciler refuses to
create instances that are nested too deeply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.compiler.checks.dependencies import conditional_nodes
from contracts.compiler.definition import Outline
from contracts.compiler.kinds.kind_schemas import Creation, GroupKind, KindSchemas
from contracts.compiler.parsing.nodes import NodeDraft
from contracts.compiler.reporter import Reporter

ENDS = "End it: remove this node, or create it only under a condition that becomes false at some level."
CHECK_IT = "Make sure that the condition becomes false at some level."


def check_endless_instances(
    own: GroupKind,
    drafts: Sequence[NodeDraft],
    needs: Mapping[str, Sequence[str]],
    kinds: KindSchemas,
    reporter: Reporter,
) -> None:
    """``own``: the kind that the definition defines. ``kinds`` knows what other contracts create."""
    conditional = conditional_nodes(drafts, needs)
    for draft in drafts:
        if draft.type.startswith("external") or not draft.kind:
            continue
        first = Creation(draft.api_version, draft.kind, draft.id in conditional)
        certain = path_back(own, first, kinds, conditional=False)
        path = certain or path_back(own, first, kinds, conditional=True)
        if path:
            at = (*draft.body_at, "kind")
            message = f"{_sentence(own, path, kinds)}, {'without end' if certain else 'perhaps without end'}."
            if certain:
                reporter.add(at, "endless-instances", message, ENDS)
            else:
                reporter.add(at, "endless-instances", message, CHECK_IT, severity="warning")


def path_back(own: GroupKind, first: Creation, kinds: KindSchemas, *, conditional: bool) -> list[Creation]:
    """The shortest path of creations from ``first`` to the kind ``own``, or an empty list.

    ``conditional``: also follow creations under a condition.
    """
    if first.conditional and not conditional:
        return []
    paths, seen = [[first]], {first.group_kind}
    for path in paths:
        if path[-1].group_kind == own:
            return path
        for creation in kinds.creations(*path[-1].group_kind):
            if creation.group_kind not in seen and (conditional or not creation.conditional):
                seen.add(creation.group_kind)
                paths.append([*path, creation])
    return []


def creations_of(outline: Outline) -> tuple[Creation, ...]:
    """What the instances of a definition create."""
    return tuple(
        Creation(node.api_version, node.kind, node.conditional)
        for node in outline.nodes
        if not node.type.startswith("external")
    )


def _sentence(own: GroupKind, path: Sequence[Creation], kinds: KindSchemas) -> str:
    names = [_name(creation, kinds) for creation in path[1:-1]]
    if len(path) == 1:
        return f"Each {own[1]} creates another {own[1]}"
    steps = [path[0].kind, *names, own[1]]
    return f"Each {own[1]} creates {', which creates '.join(map(_with_article, steps))}"


def _name(creation: Creation, kinds: KindSchemas) -> str:
    """The kind, or for one that the reader may not see, whose it is."""
    known = kinds.lookup(creation.api_version, creation.kind)
    return creation.kind if known else "kind of another team"


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOUaeiou' else 'a'} {noun}"
