"""The syntax tree of an expression: what the author wrote, without brackets, with positions.

Every node has its position (``start`` and ``end``, offsets into the source), its depth, and the number of
its nodes (``weight``), so that callers can bound their work before they walk a tree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Node:
    start: int
    end: int
    depth: int = field(default=1, init=False)
    weight: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        for child in self.children():
            self.weight += child.weight
            if child.depth >= self.depth:
                self.depth = child.depth + 1

    def children(self) -> Iterable[Node]:
        return ()


@dataclass(slots=True, eq=False)
class Literal(Node):
    value: Any


@dataclass(slots=True, eq=False)
class Ident(Node):
    name: str
    rooted: bool = False
    """Written with a leading dot, which skips the variables of macros."""


@dataclass(slots=True, eq=False)
class Field(Node):
    """A field selection, ``operand.field`` or ``operand.?field``: the base of Select and Has."""

    operand: Node
    field: str
    optional: bool
    field_start: int

    def children(self) -> Iterable[Node]:
        return (self.operand,)


class Select(Field):
    """Evaluates to the value of the field."""

    __slots__ = ()


class Has(Field):
    """``has(operand.field)``: tests whether the field is present."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Index(Node):
    operand: Node
    key: Node
    optional: bool

    def children(self) -> Iterable[Node]:
        return (self.operand, self.key)


@dataclass(slots=True, eq=False)
class Call(Node):
    """``f(args)``, or ``target.f(args)``."""

    function: str
    target: Node | None
    args: tuple[Node, ...]
    name_start: int
    rooted: bool = False

    def children(self) -> Iterable[Node]:
        return self.args if self.target is None else (self.target, *self.args)


@dataclass(slots=True, eq=False)
class Unary(Node):
    operator: str
    operand: Node

    def children(self) -> Iterable[Node]:
        return (self.operand,)


@dataclass(slots=True, eq=False)
class Binary(Node):
    operator: str
    left: Node
    right: Node
    operator_start: int

    def children(self) -> Iterable[Node]:
        return (self.left, self.right)


@dataclass(slots=True, eq=False)
class Chain(Node):
    """``a + b + c``, ``a && b && c`` or ``a || b || c``, associated to the left."""

    operator: str
    operands: list[Node]
    operator_starts: list[int]

    def children(self) -> Iterable[Node]:
        return self.operands

    def grow(self, operand: Node, operator_start: int) -> None:
        """Append an operand. In place, because chains may be very long."""
        self.operands.append(operand)
        self.operator_starts.append(operator_start)
        self.end = operand.end
        self.weight += operand.weight
        self.depth = max(self.depth, operand.depth + 1)


@dataclass(slots=True, eq=False)
class Conditional(Node):
    """``c1 ? a : c2 ? b : otherwise``."""

    branches: deque[tuple[Node, Node]]
    otherwise: Node

    def children(self) -> Iterable[Node]:
        for condition, result in self.branches:
            yield condition
            yield result
        yield self.otherwise

    def grow(self, condition: Node, result: Node) -> None:
        """Prepend a branch."""
        self.branches.appendleft((condition, result))
        self.start = condition.start
        self.weight += condition.weight + result.weight
        self.depth = max(self.depth, condition.depth + 1, result.depth + 1)


@dataclass(slots=True, eq=False)
class ListLiteral(Node):
    items: tuple[tuple[bool, Node], ...]
    """(optional, element)"""

    def children(self) -> Iterable[Node]:
        return [item for _, item in self.items]


@dataclass(slots=True, eq=False)
class MapLiteral(Node):
    entries: tuple[tuple[bool, Node, Node], ...]
    """(optional, key, value)"""

    def children(self) -> Iterable[Node]:
        for _, key, value in self.entries:
            yield key
            yield value


@dataclass(slots=True, eq=False)
class Macro(Node):
    """``target.name(variables…, body…)``; the variables are in scope in the body."""

    name: str
    target: Node
    variables: tuple[str, ...]
    variable_starts: tuple[int, ...]
    body: tuple[Node, ...]

    def children(self) -> Iterable[Node]:
        return (self.target, *self.body)


@dataclass(slots=True, eq=False)
class Bind(Node):
    """``cel.bind(name, value, body)``."""

    name: str
    name_start: int
    value: Node
    body: Node

    def children(self) -> Iterable[Node]:
        return (self.value, self.body)


@dataclass(slots=True, eq=False)
class NewCondition(Node):
    """``runtime.newCondition({type: …, status: …})`` (kro §5.6)."""

    fields: tuple[tuple[str, Node], ...]

    def children(self) -> Iterable[Node]:
        return [value for _, value in self.fields]


VISIT: dict[type[Node], str] = {
    Literal: "visit_literal",
    Ident: "visit_ident",
    Select: "visit_select",
    Index: "visit_index",
    Call: "visit_call",
    Unary: "visit_unary",
    Binary: "visit_binary",
    Chain: "visit_chain",
    Conditional: "visit_conditional",
    ListLiteral: "visit_list_literal",
    MapLiteral: "visit_map_literal",
    Has: "visit_has",
    Macro: "visit_macro",
    Bind: "visit_bind",
    NewCondition: "visit_new_condition",
}
"""The visitor method per kind of node; the compiler, the checker and the printer implement all of them."""


def walk(node: Node) -> Iterator[Node]:
    """The node and all its descendants, without recursion."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children())
