"""Which fields of an instance flow into which field of a node's template.

Maps an error about a field of a child back to the field of the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contracts.cel import Reference
from contracts.compiler.definition import Code, Definition, FieldMapping, Node
from contracts.documents import print_path


def field_mappings_of(definition: Definition) -> Iterator[FieldMapping]:
    """One per template scalar that reads the instance: directly, through an iterator or another node."""
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    by_id = {node.id: node for node in definition.nodes}
    for node_id in definition.order:
        node = by_id[node_id]
        iterated = {each.name: _sources(each.code, {}, known, many=True) for each in node.for_each}
        for code in node.codes:
            sources = _sources(code, iterated, known)
            field = print_path(code.path)
            known[node.id, field] = sources
            if sources:
                yield FieldMapping(node.id, field, sources, code.standalone)


def _sources(
    code: Code,
    iterated: Mapping[str, tuple[str, ...]],
    known: Mapping[tuple[str, str], tuple[str, ...]],
    many: bool = False,
) -> tuple[str, ...]:
    found: list[str] = []
    for part in code.expressions:
        for ref in part.expression.references:
            found += _of_reference(ref, iterated, known)
    marked = [f"{path}[]" if many else path for path in found]
    return tuple(dict.fromkeys(marked))


def _of_reference(
    ref: Reference, iterated: Mapping[str, tuple[str, ...]], known: Mapping[tuple[str, str], tuple[str, ...]]
) -> list[str]:
    if ref.root == "schema":
        return [_join_path(ref.path)] if ref.path[:1] in (("spec",), ("metadata",)) else []
    if ref.root in iterated:
        return [_join_path((source, *ref.path)) for source in iterated[ref.root]]
    return list(known.get((ref.root, _join_path(ref.path)), ()))


def _join_path(parts: tuple[str, ...]) -> str:
    text = ""
    for part in parts:
        text += part if part == "[]" or not text else f".{part}"
    return text


def source_fields(definition: Definition, node: Node, field: str) -> tuple[str, ...]:
    """The instance's fields behind ``field`` of a child (``spec.template.spec.containers[0].image``).

    Falls back to the sources of the nearest template field above or below it.
    """
    best: tuple[str, ...] = ()
    longest = -1
    for mapping in definition.field_mappings:
        if mapping.node != node.id:
            continue
        if field == mapping.field or field.startswith((f"{mapping.field}.", f"{mapping.field}[")):
            if len(mapping.field) > longest:
                best, longest = mapping.sources, len(mapping.field)
        elif mapping.field.startswith((f"{field}.", f"{field}[")) and longest < 0:
            best = (*best, *(source for source in mapping.sources if source not in best))
    return best
