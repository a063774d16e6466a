"""The static type checker: what type an expression has, and everything that is wrong with it, at once."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.cel.environment import TYPE_NAMES, dotted, qualified
from contracts.cel.expression import Expression
from contracts.cel.functions import FUNCTIONS, METHODS, Function
from contracts.cel.library.conditions import STATUSES
from contracts.cel.syntax.escapes import unescape
from contracts.cel.syntax.nodes import (
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
from contracts.cel.typecheck import constant_checks, hints
from contracts.cel.typecheck.inference import Inference, Scope, TypeProblem
from contracts.cel.types.cel_types import (
    BOOL,
    BYTES,
    CONSTRUCTORS,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    ConditionType,
    ListType,
    MapType,
    OptionalType,
    StructType,
    Type,
    TypeParam,
    TypeType,
)
from contracts.cel.values.cel_values import UInt

LITERALS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}
ORDERED = frozenset((BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION))


def check(expression: Expression, variables: Mapping[str, Type]) -> tuple[Type, list[TypeProblem]]:
    """The type of the expression's value, and every problem, in reading order."""
    checker = Checker(variables, expression.environment)
    kind = checker.unifier.resolved(checker.infer(expression.node, {}), final=True)
    return kind, sorted(checker.problems, key=lambda problem: (problem.start, problem.end))


class Checker(Inference):
    """What each kind of node means for types."""

    # Names and selections

    def visit_literal(self, node: Literal, scope: Scope) -> Type:
        return LITERALS[type(node.value)]

    def visit_ident(self, node: Ident, scope: Scope) -> Type:
        if not node.rooted and node.name in scope:
            return scope[node.name]
        if node.name in self.variables:
            return self.variables[node.name]
        if self.environment.extras and node.name in TYPE_NAMES:
            return TypeType(CONSTRUCTORS.get(node.name, DYN))
        hint = hints.for_name(node.name, [*scope, *self.variables])
        return self.fail("unknown-name", f"Undefined name “{node.name}”.", node.start, node.end, hint)

    def visit_select(self, node: Select, scope: Scope) -> Type:
        if self.environment.extras and dotted(node) in self.variables:
            return self.variables[dotted(node)]
        if self.environment.extras and dotted(node) in TYPE_NAMES:
            return TypeType()
        operand = self.resolved(self.infer(node.operand, scope))
        end = node.field_start + len(node.field)
        if isinstance(operand, OptionalType):
            return OptionalType(self.field(operand.inner, node.field, node.field_start, end))
        kind = self.field(operand, node.field, node.field_start, end)
        return OptionalType(kind) if node.optional else kind

    def field(self, operand: Type, name: str, start: int, end: int) -> Type:
        """The type of ``operand.name``."""
        operand = self.resolved(operand)
        if operand is DYN or isinstance(operand, TypeParam):
            return DYN
        if isinstance(operand, OptionalType):
            return self.field(operand.inner, name, start, end)
        if isinstance(operand, MapType):
            return operand.value
        if not isinstance(operand, StructType):
            return self.fail(
                "unknown-field",
                f"A value of type {operand} has no field “{name}”.",
                start,
                end,
                hints.for_list(operand),
            )
        for known in (name, unescape(name)):
            if known in operand.fields:
                return operand.fields[known]
        if operand.preserve_unknown:
            return DYN
        hint = hints.for_name(name, operand.fields)
        return self.fail("unknown-field", f"Unknown field “{name}”.", start, end, hint)

    def visit_has(self, node: Has, scope: Scope) -> Type:
        operand = self.infer(node.operand, scope)
        self.field(operand, node.field, node.field_start, node.field_start + len(node.field))
        return BOOL

    def visit_index(self, node: Index, scope: Scope) -> Type:
        operand, key = self.resolved(self.infer(node.operand, scope)), self.infer(node.key, scope)
        optional = node.optional or isinstance(operand, OptionalType)
        inner = operand.inner if isinstance(operand, OptionalType) else operand
        kind = self.operation("_[_]", [inner, key], node)
        return OptionalType(kind) if optional and inner is not DYN else kind

    # Operators

    def visit_unary(self, node: Unary, scope: Scope) -> Type:
        return self.operation(f"{node.operator}_", [self.infer(node.operand, scope)], node)

    def visit_binary(self, node: Binary, scope: Scope) -> Type:
        kinds = [self.infer(node.left, scope), self.infer(node.right, scope)]
        return self.operation(f"_{node.operator}_", kinds, node)

    def visit_chain(self, node: Chain, scope: Scope) -> Type:
        if node.operator != "+":
            for operand in node.operands:
                self.expect(operand, scope, BOOL, f"The operand of “{node.operator}”")
            return BOOL
        first, *rest = node.operands
        total = self.infer(first, scope)
        for operand in rest:
            total = self.operation("_+_", [total, self.infer(operand, scope)], operand)
        return total

    def visit_conditional(self, node: Conditional, scope: Scope) -> Type:
        for condition, _ in node.branches:
            self.expect(condition, scope, BOOL, "The condition before “?”")
        first, *results = [result for _, result in node.branches]
        kind = self.infer(first, scope)
        for result in (*results, node.otherwise):
            kind = self.either(kind, self.infer(result, scope), result)
        return kind

    def either(self, one: Type, other: Type, node: Node) -> Type:
        common = self.unifier.fresh()
        if self.unifier.accepts([one, other], [common, common]):
            return self.resolved(common)
        message = f"The branches of “? :” have different types, {self.shown(one)} and {self.shown(other)}."
        return self.fail(
            "no-overload", message, node.start, node.end, "Wrap both branches in dyn(…), or convert one."
        )

    # Literals with parts

    def visit_list_literal(self, node: ListLiteral, scope: Scope) -> Type:
        kinds = [self.unwrapped(optional, item, scope) for optional, item in node.items]
        self.listed[id(node)] = kinds
        return ListType(self.unifier.joined(kinds))

    def visit_map_literal(self, node: MapLiteral, scope: Scope) -> Type:
        self.foresee("duplicate", constant_checks.in_map(node))
        keys = [self.infer(key, scope) for _, key, _ in node.entries]
        values = [self.unwrapped(optional, value, scope) for optional, _, value in node.entries]
        return MapType(self.unifier.joined(keys), self.unifier.joined(values))

    def unwrapped(self, optional: bool, node: Node, scope: Scope) -> Type:
        kind = self.infer(node, scope)
        if not optional:
            return kind
        inner = self.unifier.fresh()
        if kind is not NULL and self.unifier.accepts([kind], [OptionalType(inner)]):
            return inner
        message = f"The value after “?” must be optional, not {self.shown(kind)}."
        return self.fail(
            "wrong-type", message, node.start, node.end, "Select it with “.?”, or remove the “?”."
        )

    def visit_new_condition(self, node: NewCondition, scope: Scope) -> Type:
        if not self.environment.conditions:
            return self.gated("runtime.newCondition", node)
        for name, value in node.fields:
            self.expect(value, scope, STRING, f"The field {name} of a condition")
            text = value.value if isinstance(value, Literal) else None
            if name == "status" and isinstance(text, str) and text not in STATUSES:
                self.fail(
                    "wrong-type",
                    "A condition's status must be True, False or Unknown.",
                    value.start,
                    value.end,
                )
            if name == "type" and text == "":
                self.fail("wrong-type", "A condition's type must not be empty.", value.start, value.end)
        return ConditionType

    # Calls and macros

    def visit_call(self, node: Call, scope: Scope) -> Type:
        local = frozenset(scope)
        name = qualified(node, local)
        if name:
            return self.call(node, name, FUNCTIONS, [self.infer(argument, scope) for argument in node.args])
        assert node.target is not None
        receiver = self.infer(node.target, scope)
        kinds = [self.infer(argument, scope) for argument in node.args]
        return self.call(node, node.function, METHODS, [receiver, *kinds])

    def call(self, node: Call, name: str, table: Mapping[str, Function], kinds: list[Type]) -> Type:
        function, end = table.get(name), node.name_start + len(node.function)
        if function is None:
            hint = hints.for_function(name, table, self.environment)
            return self.fail("unknown-function", f"Unknown function “{name}”.", node.name_start, end, hint)
        if not self.environment.offers(function):
            return self.gated(name, node)
        found = self.overload(function.overloads, kinds)
        if found is not None:
            listed = self.listed.get(id(node.args[0]), []) if node.args else []
            self.foresee("no-overload", constant_checks.in_call(node, listed))
            return found
        resolved = [self.unifier.resolved(kind, final=True) for kind in kinds]
        member = table is METHODS
        return self.fail(
            "no-overload",
            hints.refused_call(name, resolved, member),
            node.name_start,
            node.end,
            hints.for_call(function, member),
        )

    def visit_bind(self, node: Bind, scope: Scope) -> Type:
        return self.infer(node.body, {**scope, node.name: self.infer(node.value, scope)})

    def visit_macro(self, node: Macro, scope: Scope) -> Type:
        target = self.resolved(self.infer(node.target, scope))
        if node.name in ("optMap", "optFlatMap"):
            return self.unwrap(node, target, scope)
        key, element = self.range_of(node, target)
        bound = (
            (key, element) if len(node.variables) == 2 else (key if isinstance(target, MapType) else element,)
        )
        inner = {**scope, **dict(zip(node.variables, bound, strict=True))}
        *conditions, last = node.body
        if node.name in ("all", "exists", "exists_one", "existsOne", "filter"):
            conditions = list(node.body)
        for condition in conditions:
            self.expect(condition, inner, BOOL, f"The condition of {node.name}()")
        if node.name == "filter":
            return ListType(bound[0])
        if conditions and conditions[-1] is last:
            return BOOL
        return self.transformed(node, target, key, bound[0], last, inner)

    def transformed(self, node: Macro, target: Type, key: Type, item: Type, last: Node, inner: Scope) -> Type:
        kind = self.infer(last, inner)
        if node.name in ("map", "transformList"):
            return ListType(kind)
        if node.name == "transformMap":
            return MapType(key, kind)
        if node.name == "sortBy":
            return self.sorted_by(node, target, item, kind, last)
        made = MapType(self.unifier.fresh(), self.unifier.fresh())
        if not self.unifier.accepts([kind], [made]):
            message = f"The result of transformMapEntry() must be a map, not {self.shown(kind)}."
            return self.fail("wrong-type", message, last.start, last.end, "Write {key: value}.")
        return self.resolved(made)

    def sorted_by(self, node: Macro, target: Type, item: Type, key: Type, body: Node) -> Type:
        key = self.resolved(key)
        if isinstance(target, MapType):
            message, hint = "sortBy() sorts lists, not maps.", "Convert the keys to a list first: .map(k, k)."
            return self.fail("not-iterable", message, node.target.start, node.target.end, hint)
        if key is not DYN and not isinstance(key, TypeParam) and key not in ORDERED:
            message = f"Values of type {self.shown(key)} cannot be ordered."
            return self.fail(
                "wrong-type", message, body.start, body.end, "Sort by a number or a string in it."
            )
        return ListType(item)

    def range_of(self, node: Macro, target: Type) -> tuple[Type, Type]:
        """(index or key, element or value) of what a macro goes through."""
        if isinstance(target, ListType):
            return INT, target.element
        if isinstance(target, MapType):
            return target.key, target.value
        if target is not DYN and not isinstance(target, TypeParam):
            self.fail(
                "not-iterable",
                f"A value of type {self.shown(target)} is not iterable with {node.name}().",
                node.target.start,
                node.target.end,
                hints.for_iteration(target),
            )
        return DYN, DYN

    def unwrap(self, node: Macro, target: Type, scope: Scope) -> Type:
        inner = self.unifier.fresh()
        if not self.unifier.accepts([target], [OptionalType(inner)]):
            message = f"{node.name}() requires an optional value, not {self.shown(target)}."
            self.fail("no-overload", message, node.target.start, node.target.end, "Select with “.?”.")
        kind = self.infer(node.body[0], {**scope, node.variables[0]: self.resolved(inner)})
        if node.name == "optMap":
            return OptionalType(kind)
        result = OptionalType(self.unifier.fresh())
        if not self.unifier.accepts([kind], [result]):
            message = f"The body of optFlatMap() must be optional, not {self.shown(kind)}."
            return self.fail("wrong-type", message, node.body[0].start, node.body[0].end, "Use optMap().")
        return self.resolved(result)
