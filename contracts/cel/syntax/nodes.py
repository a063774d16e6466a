"""The tree of an expression: what the author wrote, without brackets, with positions.

Every node knows where it stands (``start``, ``end``: offsets into the source), how deep it is and how many
nodes it holds (``weight``), so that nothing that walks a tree can be surprised by its size.
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
    """A field of something, ``operand.field`` or ``operand.?field``, whatever is done with it."""

    operand: Node
    field: str
    optional: bool
    field_start: int

    def children(self) -> Iterable[Node]:
        return (self.operand,)


class Select(Field):
    """The field's value."""

    __slots__ = ()


class Has(Field):
    """``has(operand.field)``: is the field there?"""

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
    """``a + b + c``, ``a && b && c`` or ``a || b || c``, read from the left."""

    operator: str
    operands: list[Node]
    operator_starts: list[int]

    def children(self) -> Iterable[Node]:
        return self.operands

    def grow(self, operand: Node, operator_start: int) -> None:
        """One more operand at the end; while reading, a chain may get very long."""
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
        """One more branch in front."""
        self.branches.appendleft((condition, result))
        self.start = condition.start
        self.weight += condition.weight + result.weight
        self.depth = max(self.depth, condition.depth + 1, result.depth + 1)


@dataclass(slots=True, eq=False)
class ListLiteral(Node):
    items: tuple[tuple[bool, Node], ...]
    """(is it optional, element)"""

    def children(self) -> Iterable[Node]:
        return [item for _, item in self.items]


@dataclass(slots=True, eq=False)
class MapLiteral(Node):
    entries: tuple[tuple[bool, Node, Node], ...]
    """(is it optional, key, value)"""

    def children(self) -> Iterable[Node]:
        for _, key, value in self.entries:
            yield key
            yield value


@dataclass(slots=True, eq=False)
class Macro(Node):
    """``target.name(variables…, body…)``: the body sees the variables."""

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
"""The method that looks at a kind of node; the compiler, the checker and the printer have one for each."""


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, without recursion."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children())
