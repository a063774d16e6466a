"""The static type checker: the type of an expression, and all its problems."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.cel.environment import TYPE_NAMES, dotted_name, qualified_name
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
PREDICATE_MACROS = frozenset(("all", "exists", "exists_one", "existsOne", "filter"))
"""Macros whose body is only a condition."""
ORDERED = frozenset((BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION))


def check(expression: Expression, variables: Mapping[str, Type]) -> tuple[Type, list[TypeProblem]]:
    """The type of the expression, and its problems in source order."""
    checker = Checker(variables, expression.environment)
    kind = checker.unifier.resolved(checker.infer(expression.node, {}), final=True)
    return kind, sorted(checker.problems, key=lambda problem: (problem.start, problem.end))


class Checker(Inference):
    """The typing rule of each kind of node."""

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
        hint = hints.suggest_name(node.name, [*scope, *self.variables])
        return self.fail("unknown-name", f"Undefined name “{node.name}”.", node.start, node.end, hint)

    def visit_select(self, node: Select, scope: Scope) -> Type:
        if self.environment.extras and dotted_name(node) in self.variables:
            return self.variables[dotted_name(node)]
        if self.environment.extras and dotted_name(node) in TYPE_NAMES:
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
                hints.suggest_for_field(operand),
            )
        for known in (name, unescape(name)):
            if known in operand.fields:
                return operand.fields[known]
        if operand.preserve_unknown:
            return DYN
        hint = hints.suggest_name(name, operand.fields)
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
        common = self.unifier.fresh_param()
        if self.unifier.accepts([one, other], [common, common]):
            return self.resolved(common)
        types = f"{self.format_type(one)} and {self.format_type(other)}"
        message = f"The branches of “? :” have different types, {types}."
        return self.fail(
            "no-overload", message, node.start, node.end, "Wrap both branches in dyn(…), or convert one."
        )

    # List, map and condition literals

    def visit_list_literal(self, node: ListLiteral, scope: Scope) -> Type:
        kinds = [self.unwrapped(optional, item, scope) for optional, item in node.items]
        self.item_types[id(node)] = kinds
        return ListType(self.unifier.join(kinds))

    def visit_map_literal(self, node: MapLiteral, scope: Scope) -> Type:
        self.report_constant_faults("duplicate", constant_checks.in_map(node))
        keys = [self.infer(key, scope) for _, key, _ in node.entries]
        values = [self.unwrapped(optional, value, scope) for optional, _, value in node.entries]
        self.entry_types[id(node)] = values
        return MapType(self.unifier.join(keys), self.unifier.join(values))

    def unwrapped(self, optional: bool, node: Node, scope: Scope) -> Type:
        kind = self.infer(node, scope)
        if not optional:
            return kind
        inner = self.unifier.fresh_param()
        if kind is not NULL and self.unifier.accepts([kind], [OptionalType(inner)]):
            return inner
        message = f"The value after “?” must be optional, not {self.format_type(kind)}."
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
        name = qualified_name(node, local)
        if name:
            return self.call(node, name, FUNCTIONS, [self.infer(argument, scope) for argument in node.args])
        assert node.target is not None
        receiver = self.infer(node.target, scope)
        kinds = [self.infer(argument, scope) for argument in node.args]
        return self.call(node, node.function, METHODS, [receiver, *kinds])

    def call(self, node: Call, name: str, table: Mapping[str, Function], kinds: list[Type]) -> Type:
        function, end = table.get(name), node.name_start + len(node.function)
        if function is None:
            hint = hints.suggest_function(name, table, self.environment)
            return self.fail("unknown-function", f"Unknown function “{name}”.", node.name_start, end, hint)
        if not self.environment.provides(function):
            return self.gated(name, node)
        found = self.overload(function.overloads, kinds)
        if found is not None:
            item_types = self.item_types.get(id(node.args[0]), []) if node.args else []
            self.report_constant_faults("no-overload", constant_checks.in_call(node, item_types))
            return found
        resolved = [self.unifier.resolved(kind, final=True) for kind in kinds]
        member = table is METHODS
        return self.fail(
            "no-overload",
            hints.no_overload(name, resolved, member),
            node.name_start,
            node.end,
            hints.list_overloads(function, member),
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
        predicate = node.name in PREDICATE_MACROS
        for condition in node.body if predicate else node.body[:-1]:
            self.expect(condition, inner, BOOL, f"The condition of {node.name}()")
        if predicate:
            return ListType(bound[0]) if node.name == "filter" else BOOL
        result = self.infer(node.body[-1], inner)
        if node.name == "sortBy":
            return self.sorted_list(node, target, bound[0], result)
        if node.name == "transformMapEntry":
            return self.merged_entries(node.body[-1], result)
        return MapType(key, result) if node.name == "transformMap" else ListType(result)

    def merged_entries(self, body: Node, entries: Type) -> Type:
        result = MapType(self.unifier.fresh_param(), self.unifier.fresh_param())
        if not self.unifier.accepts([entries], [result]):
            message = f"The result of transformMapEntry() must be a map, not {self.format_type(entries)}."
            return self.fail("wrong-type", message, body.start, body.end, "Write {key: value}.")
        return self.resolved(result)

    def sorted_list(self, node: Macro, target: Type, item: Type, key: Type) -> Type:
        key, body = self.resolved(key), node.body[-1]
        if isinstance(target, MapType):
            message, hint = "sortBy() sorts lists, not maps.", "Convert the keys to a list first: .map(k, k)."
            return self.fail("not-iterable", message, node.target.start, node.target.end, hint)
        if key is not DYN and not isinstance(key, TypeParam) and key not in ORDERED:
            message, hint = (
                f"Values of type {self.format_type(key)} cannot be ordered.",
                "Sort by a number or a string.",
            )
            return self.fail("wrong-type", message, body.start, body.end, hint)
        return ListType(item)

    def range_of(self, node: Macro, target: Type) -> tuple[Type, Type]:
        """The types of index and element, or key and value, of the range of a macro."""
        if isinstance(target, ListType):
            return INT, target.element
        if isinstance(target, MapType):
            return target.key, target.value
        if target is not DYN and not isinstance(target, TypeParam):
            self.fail(
                "not-iterable",
                f"A value of type {self.format_type(target)} is not iterable with {node.name}().",
                node.target.start,
                node.target.end,
                hints.suggest_for_iteration(target),
            )
        return DYN, DYN

    def unwrap(self, node: Macro, target: Type, scope: Scope) -> Type:
        inner = self.unifier.fresh_param()
        if not self.unifier.accepts([target], [OptionalType(inner)]):
            message = f"{node.name}() requires an optional value, not {self.format_type(target)}."
            self.fail("no-overload", message, node.target.start, node.target.end, "Select with “.?”.")
        kind = self.infer(node.body[0], {**scope, node.variables[0]: self.resolved(inner)})
        if node.name == "optMap":
            return OptionalType(kind)
        result = OptionalType(self.unifier.fresh_param())
        if not self.unifier.accepts([kind], [result]):
            message = f"The body of optFlatMap() must be optional, not {self.format_type(kind)}."
            return self.fail("wrong-type", message, node.body[0].start, node.body[0].end, "Use optMap().")
        return self.resolved(result)
