"""What an expression evaluates to when one field of the instance is absent, as far as that is certain.

An abstract interpretation of the syntax tree. Everything but the field is taken to be present and of any
value, so a condition on something else leaves the result open. A list that is iterated has an item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from contracts.cel.environment import qualified_name
from contracts.cel.expression import Expression
from contracts.cel.syntax.escapes import unescape
from contracts.cel.syntax.nodes import (
    VISIT,
    Binary,
    Bind,
    Call,
    Chain,
    Conditional,
    Field,
    Has,
    Ident,
    Index,
    ListLiteral,
    Literal,
    Macro,
    MapLiteral,
    Node,
    Select,
    Unary,
    walk,
)

Path = tuple[str, ...]
ITEM = "[]"


class Outcome(Enum):
    OPEN = auto()
    """Any value, or an error that does not come from the field."""
    TRUE = auto()
    FALSE = auto()
    NONE = auto()
    """The empty optional."""
    FAILS = auto()
    """An error: the field is read, and it is absent."""


@dataclass(frozen=True, slots=True)
class Place:
    """The value at a path of the instance, which contains the field; an ``optional`` that is not empty."""

    path: Path
    optional: bool = False


Value = Outcome | Place
Scope = Mapping[str, Value]
EMPTY: Scope = {}


def without(expression: Expression, absent: Path, names: Scope) -> Value:
    """The value of the expression when the field ``absent`` has none.

    ``absent``: a path of the instance, such as ``("spec", "ports", "[]", "name")``. ``names``: the values of
    variables; those that are not listed are open.
    """
    return _Analysis(absent, names).of(expression.node, EMPTY)


def field_names(expression: Expression) -> frozenset[str]:
    """The names of all fields that the expression selects, to decide quickly that it cannot read one."""
    found: set[str] = set()
    for node in walk(expression.node):
        if isinstance(node, Field):
            found |= {node.field, unescape(node.field)}
        elif isinstance(node, Literal) and isinstance(node.value, str):
            found.add(node.value)
    return frozenset(found)


class _Analysis:
    """The rule of each kind of node; without one, an operand that fails makes the node fail."""

    def __init__(self, absent: Path, names: Scope) -> None:
        self.absent, self.names = absent, names

    def of(self, node: Node, scope: Scope) -> Value:
        visit = getattr(self, VISIT.get(type(node), ""), None)
        if visit is None:
            return _fails_if_any([self.of(child, scope) for child in node.children()])
        found: Value = visit(node, scope)
        return found

    # Names and selections

    def visit_literal(self, node: Literal, scope: Scope) -> Value:
        if isinstance(node.value, bool):
            return Outcome.TRUE if node.value else Outcome.FALSE
        return Outcome.OPEN

    def visit_ident(self, node: Ident, scope: Scope) -> Value:
        if not node.rooted and node.name in scope:
            return scope[node.name]
        return self.names.get(node.name, Outcome.OPEN)

    def visit_select(self, node: Select, scope: Scope) -> Value:
        return part(self.of(node.operand, scope), unescape(node.field), self.absent, optional=node.optional)

    def visit_index(self, node: Index, scope: Scope) -> Value:
        operand, key = self.of(node.operand, scope), self.of(node.key, scope)
        if key is Outcome.FAILS:
            return key
        literal = node.key.value if isinstance(node.key, Literal) else None
        name = literal if isinstance(literal, str) else ITEM
        return part(operand, name, self.absent, optional=node.optional)

    def visit_has(self, node: Has, scope: Scope) -> Value:
        found = part(self.of(node.operand, scope), unescape(node.field), self.absent, optional=True)
        if found is Outcome.NONE:
            return Outcome.FALSE
        return Outcome.TRUE if isinstance(found, Place) else found

    # Operators

    def visit_unary(self, node: Unary, scope: Scope) -> Value:
        found = self.of(node.operand, scope)
        if node.operator == "!" and found in (Outcome.TRUE, Outcome.FALSE):
            return Outcome.FALSE if found is Outcome.TRUE else Outcome.TRUE
        return _fails_if_any([found])

    def visit_binary(self, node: Binary, scope: Scope) -> Value:
        return _fails_if_any([self.of(node.left, scope), self.of(node.right, scope)])

    def visit_chain(self, node: Chain, scope: Scope) -> Value:
        """An open operand before one that fails is a condition for it; CEL's && and || absorb errors."""
        found = [self.of(operand, scope) for operand in node.operands]
        if node.operator == "+":
            return _fails_if_any(found)
        decides = Outcome.FALSE if node.operator == "&&" else Outcome.TRUE
        neutral = Outcome.TRUE if node.operator == "&&" else Outcome.FALSE
        if decides in found:
            return decides
        rest = [value for value in found if value is not neutral]
        if not rest:
            return neutral
        return Outcome.FAILS if rest[0] is Outcome.FAILS else Outcome.OPEN

    def visit_conditional(self, node: Conditional, scope: Scope) -> Value:
        results: list[Value] = []
        for condition, result in node.branches:
            decided = self.of(condition, scope)
            if decided is Outcome.FAILS:
                return _one_of([*results, decided])
            if decided is not Outcome.FALSE:
                results.append(self.of(result, scope))
            if decided is Outcome.TRUE:
                return _one_of(results)
        return _one_of([*results, self.of(node.otherwise, scope)])

    # Literals, calls and macros

    def visit_list_literal(self, node: ListLiteral, scope: Scope) -> Value:
        return _fails_if_any([self.of(item, scope) for _, item in node.items])

    def visit_map_literal(self, node: MapLiteral, scope: Scope) -> Value:
        parts = [part for _, key, value in node.entries for part in (key, value)]
        return _fails_if_any([self.of(part, scope) for part in parts])

    def visit_call(self, node: Call, scope: Scope) -> Value:
        arguments = [self.of(argument, scope) for argument in node.args]
        if node.target is None or qualified_name(node, frozenset(scope)):
            if node.function == "dyn" and len(arguments) == 1:
                return arguments[0]
            return _fails_if_any(arguments)
        return _method(node.function, self.of(node.target, scope), arguments)

    def visit_bind(self, node: Bind, scope: Scope) -> Value:
        return self.of(node.body, {**scope, node.name: self.of(node.value, scope)})

    def visit_macro(self, node: Macro, scope: Scope) -> Value:
        target = self.of(node.target, scope)
        if target is Outcome.FAILS:
            return target
        if node.name in ("optMap", "optFlatMap"):
            if target is Outcome.NONE:
                return target
            value = Place(target.path) if isinstance(target, Place) else Outcome.OPEN
            return _fails_if_any([self.of(node.body[0], {**scope, node.variables[0]: value})])
        inner = {**scope, **dict.fromkeys(node.variables, Outcome.OPEN)}
        inner[node.variables[-1]] = item_of(target, self.absent)
        return _iterated(node.name, target, [self.of(each, inner) for each in node.body])


def part(operand: Value, name: str, absent: Path, *, optional: bool = False) -> Value:
    """The value of ``operand.name``; selections from an optional are optional too."""
    if not isinstance(operand, Place):
        return operand if operand in (Outcome.FAILS, Outcome.NONE) else Outcome.OPEN
    path, optional = (*operand.path, name), optional or operand.optional
    if path == absent:
        return Outcome.NONE if optional else Outcome.FAILS
    return Place(path, optional) if absent[: len(path)] == path else Outcome.OPEN


def item_of(operand: Value, absent: Path) -> Value:
    """The value of an item of a list."""
    return part(operand, ITEM, absent) if isinstance(operand, Place) else Outcome.OPEN


def _iterated(macro: str, target: Value, body: Sequence[Value]) -> Value:
    """The value of a macro over a list. A condition may leave only items that have the field."""
    if macro in ("all", "exists", "exists_one", "existsOne"):
        return Outcome.OPEN
    *conditions, result = body
    if Outcome.FAILS in conditions:
        return Outcome.FAILS
    if any(condition is not Outcome.TRUE for condition in conditions):
        return Outcome.OPEN
    if macro == "filter":
        return target if result is Outcome.TRUE else _fails_if_any([result])
    return _fails_if_any([result])


def _method(name: str, target: Value, arguments: Sequence[Value]) -> Value:
    if target is Outcome.FAILS:
        return target
    if name in ("or", "orValue"):
        return arguments[0] if target is Outcome.NONE and arguments else Outcome.OPEN
    if name == "hasValue":
        return Outcome.FALSE if target is Outcome.NONE else Outcome.OPEN
    if name == "value" and not arguments:
        if isinstance(target, Place):
            return Place(target.path)
        return Outcome.FAILS if target is Outcome.NONE else Outcome.OPEN
    return _fails_if_any(arguments)


def _fails_if_any(values: Sequence[Value]) -> Value:
    return Outcome.FAILS if Outcome.FAILS in values else Outcome.OPEN


def _one_of(values: Sequence[Value]) -> Value:
    """The value that is the same whichever of them it is."""
    return values[0] if len(set(values)) == 1 else Outcome.OPEN
