"""Which part of an expression's value comes from a secret: an abstract interpretation of the syntax tree.

A value is CLEAN, or it is a FLOW: it can reproduce a part of the secret. In between, a value is IMPLICIT when
the secret only decides which of several other values it is: comparisons, conditions, ``has()``, ``size()``.
The analysis follows the fields of objects, so that ``secret.metadata.name`` is clean although ``secret`` has
secret data; for lists and computed keys, all elements are one. A function without a rule below passes on
everything that its operands carry.

Two evaluations that differ only in the secret and both succeed have the same result if the value is CLEAN.
Whether an evaluation fails is not considered: a failure has no value, and its message quotes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import reduce

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
    Has,
    Ident,
    Index,
    ListLiteral,
    Literal,
    Macro,
    MapLiteral,
    NewCondition,
    Node,
    Select,
    Unary,
)

Scope = Mapping[str, "Taint"]

MAX_SIZE = 400
"""Taints with more parts than this are merged into one level, so that the work is bounded."""


class Level(IntEnum):
    CLEAN = 0
    IMPLICIT = 1
    FLOW = 2


class Taint:
    """What a value carries.

    ``level`` is that of the value itself: of a scalar, of the keys of a map, of the length of a list.
    ``fields`` are the parts that are known by name; the key None stands for list elements and for values
    under computed keys. ``sources`` names where ``level`` comes from. ``whole`` and ``all_sources`` are those
    of the value with all its parts.
    """

    __slots__ = ("all_sources", "fields", "level", "size", "sources", "whole")
    all_sources: frozenset[str]
    fields: Mapping[str | None, Taint]
    level: Level
    size: int
    sources: frozenset[str]
    whole: Level

    def __init__(
        self,
        level: Level = Level.CLEAN,
        sources: frozenset[str] = frozenset(),
        fields: Mapping[str | None, Taint] | None = None,
    ) -> None:
        parts = dict(fields or {})
        self.whole = max([level, *(part.whole for part in parts.values())])
        self.all_sources = sources.union(*(part.all_sources for part in parts.values()))
        self.size = 1 + sum(part.size for part in parts.values())
        if self.size > MAX_SIZE:
            level, sources, parts, self.size = self.whole, self.all_sources, {}, 1
        self.level = level
        self.sources = sources
        self.fields = parts

    def __repr__(self) -> str:
        return f"Taint({self.level.name}, {dict(self.fields)!r})" if self.fields else self.level.name

    @property
    def own(self) -> Taint:
        """The value without its parts."""
        return Taint(self.level, self.sources) if self.level else CLEAN

    def part(self, name: str | None) -> Taint:
        found = self.fields.get(name)
        return self.fields.get(None, CLEAN) if found is None else found

    def select(self, name: str) -> Taint:
        return join(self.own, self.part(name))

    @property
    def contents(self) -> Taint:
        """Any one of the parts."""
        return join(self.own, *self.fields.values())

    @property
    def keys(self) -> Taint:
        """The keys or the length: which named parts exist may depend on a secret that they carry."""
        return join(self.own, implied(*(part for name, part in self.fields.items() if name is not None)))


CLEAN = Taint()


def flow(source: str) -> Taint:
    return Taint(Level.FLOW, frozenset((source,)))


def join(*taints: Taint) -> Taint:
    """The taint of a value that is one of several, or consists of them."""
    return reduce(_either, taints, CLEAN)


def _either(one: Taint, other: Taint) -> Taint:
    if one is other or not other.whole:
        return one
    if not one.whole:
        return other
    names = {**one.fields, **other.fields}
    fields = {name: _either(one.part(name), other.part(name)) for name in names}
    return Taint(max(one.level, other.level), one.sources | other.sources, fields)


def flat(*taints: Taint) -> Taint:
    """The taint of a value that may contain everything of the others anywhere."""
    level = max((taint.whole for taint in taints), default=Level.CLEAN)
    if not level:
        return CLEAN
    return Taint(level, frozenset().union(*(taint.all_sources for taint in taints)))


def implied(*taints: Taint) -> Taint:
    """The taint of a value that the others only decide."""
    found = flat(*taints)
    return Taint(Level.IMPLICIT, found.sources) if found.level else CLEAN


def taint_of(expression: Expression, variables: Mapping[str, Taint]) -> Taint:
    """The taint of the expression's value. Variables that are not listed are clean."""
    roots = {reference.root for reference in expression.references}
    if not any(variables[name].whole for name in roots & variables.keys()):
        return CLEAN
    return _Analysis(variables).of(expression.node, {})


COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "in"))
PREDICATES = frozenset(
    (
        "compareTo",
        "contains",
        "containsCIDR",
        "containsIP",
        "endsWith",
        "isCIDR",
        "isGreaterThan",
        "isIP",
        "isLessThan",
        "isQuantity",
        "isSemver",
        "isSorted",
        "isURL",
        "matches",
        "sets.contains",
        "sets.equivalent",
        "sets.intersects",
        "startsWith",
    )
)
"""Functions that only compare or test their operands."""
OWN_PREDICATES = frozenset(("hasValue", "type"))
"""Functions that test a value without its parts."""
WRAPPERS = frozenset(
    (
        "deepMerge",
        "dyn",
        "merge",
        "optional.of",
        "optional.ofNonZeroValue",
        "optional.unwrap",
        "or",
        "orValue",
        "reverse",
        "slice",
        "unwrapOpt",
        "value",
    )
)
"""Functions whose result is one of their operands, or consists of their parts under the same names."""
CONTENT_TESTS = frozenset(("optional.ofNonZeroValue", "optional.unwrap", "unwrapOpt"))
"""Those that also test the parts: whether a value is empty, or which optionals are."""


class _Analysis:
    """The rule of each kind of node."""

    def __init__(self, variables: Mapping[str, Taint]) -> None:
        self.variables = variables

    def of(self, node: Node, scope: Scope) -> Taint:
        visit = getattr(self, VISIT.get(type(node), ""), None)
        if visit is None:
            return flat(*(self.of(child, scope) for child in node.children()))
        found: Taint = visit(node, scope)
        return found

    # Names and selections

    def visit_literal(self, node: Literal, scope: Scope) -> Taint:
        return CLEAN

    def visit_ident(self, node: Ident, scope: Scope) -> Taint:
        if not node.rooted and node.name in scope:
            return scope[node.name]
        return self.variables.get(node.name, CLEAN)

    def visit_select(self, node: Select, scope: Scope) -> Taint:
        return self._field(self.of(node.operand, scope), node.field)

    def _field(self, operand: Taint, name: str) -> Taint:
        return join(*(operand.select(known) for known in {name, unescape(name)}))

    def visit_has(self, node: Has, scope: Scope) -> Taint:
        return implied(self._field(self.of(node.operand, scope), node.field))

    def visit_index(self, node: Index, scope: Scope) -> Taint:
        operand = self.of(node.operand, scope)
        if isinstance(node.key, Literal) and isinstance(node.key.value, str):
            return operand.select(node.key.value)
        return join(operand.contents, flat(self.of(node.key, scope)))

    # Operators

    def visit_unary(self, node: Unary, scope: Scope) -> Taint:
        return flat(self.of(node.operand, scope))

    def visit_binary(self, node: Binary, scope: Scope) -> Taint:
        operands = (self.of(node.left, scope), self.of(node.right, scope))
        return implied(*operands) if node.operator in COMPARISONS else flat(*operands)

    def visit_chain(self, node: Chain, scope: Scope) -> Taint:
        operands = [self.of(operand, scope) for operand in node.operands]
        return join(*operands) if node.operator == "+" else flat(*operands)

    def visit_conditional(self, node: Conditional, scope: Scope) -> Taint:
        conditions = [self.of(condition, scope) for condition, _ in node.branches]
        results = [self.of(result, scope) for _, result in node.branches]
        return join(*results, self.of(node.otherwise, scope), implied(*conditions))

    # List, map and condition literals

    def visit_list_literal(self, node: ListLiteral, scope: Scope) -> Taint:
        items = [(optional, self.of(item, scope)) for optional, item in node.items]
        length = implied(*(item for optional, item in items if optional))
        return Taint(length.level, length.sources, {None: join(*(item for _, item in items))})

    def visit_map_literal(self, node: MapLiteral, scope: Scope) -> Taint:
        keys: list[Taint] = []
        fields: dict[str | None, Taint] = {}
        for optional, key, value in node.entries:
            taint = self.of(value, scope)
            name = key.value if isinstance(key, Literal) and isinstance(key.value, str) else None
            fields[name] = join(fields.get(name, CLEAN), taint)
            keys.append(flat(self.of(key, scope)))
            if optional:
                keys.append(implied(taint))
        own = join(*keys)
        return Taint(own.level, own.sources, fields)

    def visit_new_condition(self, node: NewCondition, scope: Scope) -> Taint:
        return Taint(fields={name: self.of(value, scope) for name, value in node.fields})

    # Calls and macros

    def visit_call(self, node: Call, scope: Scope) -> Taint:
        name = qualified_name(node, frozenset(scope))
        operands = [self.of(argument, scope) for argument in node.args]
        if not name and node.target is not None:
            operands.insert(0, self.of(node.target, scope))
        return call(name or node.function, operands)

    def visit_bind(self, node: Bind, scope: Scope) -> Taint:
        return self.of(node.body, {**scope, node.name: self.of(node.value, scope)})

    def visit_macro(self, node: Macro, scope: Scope) -> Taint:
        target = self.of(node.target, scope)
        if node.name in ("optMap", "optFlatMap"):
            body = self.of(node.body[0], {**scope, node.variables[0]: target})
            return join(body, implied(target.own))
        inner = {**scope, **dict(zip(node.variables, self.range_of(node, target), strict=True))}
        *conditions, result = [self.of(part, inner) for part in node.body]
        length = implied(target.keys, *conditions)
        match node.name:
            case "all" | "exists" | "exists_one" | "existsOne":
                return implied(length, result)
            case "filter" | "sortBy":
                order = implied(length, result)
                return Taint(order.level, order.sources, {None: inner[node.variables[0]]})
            case "map" | "transformList":
                return Taint(length.level, length.sources, {None: result})
            case "transformMap":
                keys = join(length, target.keys)
                return Taint(keys.level, keys.sources, {None: result})
            case "transformMapEntry":
                return join(result, length)
        return flat(target, *conditions, result)

    def range_of(self, node: Macro, target: Taint) -> tuple[Taint, ...]:
        """The taints of a macro's variables. One variable is an element of a list or a key of a map."""
        if len(node.variables) == 2:
            return target.keys, target.contents
        return (join(target.keys, target.contents),)


def call(name: str, operands: list[Taint]) -> Taint:
    """The taint of a function's result; for a method, the receiver is the first operand."""
    if not operands:
        return CLEAN
    first = operands[0]
    if name == "size":
        return implied(*(operand.keys for operand in operands))
    if name in PREDICATES:
        return implied(*operands)
    if name in OWN_PREDICATES:
        return implied(first.own, *operands[1:])
    if name in ("first", "last"):
        return first.contents
    if name in WRAPPERS:
        return join(*operands, implied(*operands) if name in CONTENT_TESTS else CLEAN)
    if name == "runtime.condition":
        return flat(first.select("status"), *operands[1:])
    return flat(*operands)
