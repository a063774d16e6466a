"""The names that an expression refers to, for dependency graphs and editors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.cel.environment import qualified_name
from contracts.cel.syntax.nodes import Bind, Call, Field, Has, Ident, Index, Literal, Macro, Node, walk


@dataclass(frozen=True, slots=True)
class Reference:
    """A free name and the selections that follow: ``root`` ``schema``, ``path`` ``("spec", "ports", "[]")``.

    A constant string index counts as a field; any other index is ``[]``. ``start`` and ``end`` are offsets
    into the source. Variables of macros are not references.
    """

    root: str
    path: tuple[str, ...]
    start: int
    end: int

    def __str__(self) -> str:
        return ".".join((self.root, *self.path))


def references(node: Node) -> tuple[Reference, ...]:
    """Every reference in a tree, in source order."""
    return tuple(sorted(_references(node, frozenset()), key=lambda found: (found.start, found.end)))


def functions(node: Node) -> frozenset[str]:
    """Names of called functions and macros, qualified if they have a namespace."""
    found: set[str] = set()
    for each in walk(node):
        if isinstance(each, Call):
            found.add(qualified_name(each, frozenset()) or each.function)
        elif isinstance(each, Macro):
            found.add(each.name)
        elif isinstance(each, Has):
            found.add("has")
        elif isinstance(each, Bind):
            found.add("cel.bind")
    return frozenset(found)


def _references(node: Node, local: frozenset[str]) -> Iterator[Reference]:
    if isinstance(node, (Ident, Index, Field)):
        yield from _chain(node, local)
    elif isinstance(node, Macro):
        yield from _references(node.target, local)
        for part in node.body:
            yield from _references(part, local | set(node.variables))
    elif isinstance(node, Bind):
        yield from _references(node.value, local)
        yield from _references(node.body, local | {node.name})
    elif isinstance(node, Call) and qualified_name(node, local):
        for argument in node.args:
            yield from _references(argument, local)
    else:
        for child in node.children():
            yield from _references(child, local)


def _chain(node: Ident | Index | Field, local: frozenset[str]) -> Iterator[Reference]:
    path: list[str] = []
    index_keys: list[Node] = []
    root: Node = node
    while True:
        if isinstance(root, Field):
            path.append(root.field)
        elif isinstance(root, Index):
            if isinstance(root.key, Literal) and isinstance(root.key.value, str):
                path.append(root.key.value)
            else:
                path.append("[]")
                index_keys.append(root.key)
        else:
            break
        root = root.operand
    if not isinstance(root, Ident):
        yield from _references(root, local)
    elif root.rooted or root.name not in local:
        yield Reference(root.name, tuple(reversed(path)), root.start, node.end)
    for key in index_keys:
        yield from _references(key, local)
