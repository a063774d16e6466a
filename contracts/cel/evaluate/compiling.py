"""Compile a syntax tree into closures: one Python function per node, called with the frame of an evaluation.

``frame[0]`` is the bindings, ``frame[1]`` the budget, and the other slots the variables of macros. A program
is stateless. The common cases (plain dicts, equal types) come first and need no further call; the general
rules are in ``operators``.
"""

from __future__ import annotations

from typing import Any

from contracts.cel.environment import TYPE_NAMES, Environment, dotted_name, qualified_name
from contracts.cel.errors import CelError
from contracts.cel.evaluate import calls, comprehensions
from contracts.cel.evaluate.calls import Frame, Run
from contracts.cel.evaluate.selection import (
    dotted_variable,
    local_field,
    undeclared,
    value_path,
    variable_path,
)
from contracts.cel.library.conditions import new_condition
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
from contracts.cel.values import operators
from contracts.cel.values.cel_values import OptionalValue, TypeValue, UInt, no_overload

Program = tuple[Run, list[Any]]
Scope = dict[str, int]
KEY_CLASSES = frozenset((str, int, bool, UInt))


def program(node: Node, environment: Environment) -> Program:
    """The function to call with a frame, and the empty slots that follow the first two of the frame."""
    compiler = Compiler(environment)
    run = compiler.run(node, {})
    return run, [None] * compiler.slots


class Compiler:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.slots = 0
        self.bound: set[int] = set()
        """Slots of cel.bind. They may hold an error, which is raised where the name is read."""

    def run(self, node: Node, scope: Scope) -> Run:
        found: Run = getattr(self, VISIT[type(node)])(node, scope)
        return found

    def bind(self, scope: Scope, name: str) -> tuple[Scope, int]:
        """A scope in which ``name`` has its own slot in the frame."""
        self.slots += 1
        slot = self.slots + 1
        return {**scope, name: slot}, slot

    # Names and selections

    def visit_literal(self, node: Literal, scope: Scope) -> Run:
        value = node.value
        return lambda frame: value

    def visit_ident(self, node: Ident, scope: Scope) -> Run:
        name, start = node.name, node.start
        slot = None if node.rooted else scope.get(name)
        if slot in self.bound:
            return calls.bound_name(slot)
        if slot is not None:
            return lambda frame: frame[slot]
        constant = self._type_name(name)

        def variable(frame: Frame) -> Any:
            try:
                return frame[0][name]
            except KeyError:
                if constant is not None:
                    return constant
                raise undeclared(name, start) from None

        return variable

    def _type_name(self, name: str) -> TypeValue | None:
        return TypeValue(name) if self.environment.extras and name in TYPE_NAMES else None

    def visit_select(self, node: Select, scope: Scope) -> Run:
        if node.optional:
            return self._optional(node, node.field, scope)
        names: list[str] = []
        root: Node = node
        while isinstance(root, Select) and not root.optional:
            names.append(root.field)
            root = root.operand
        names.reverse()
        if isinstance(root, Ident) and (root.rooted or root.name not in scope):
            run = variable_path(root.name, tuple(names), node.start, self._type_name(dotted_name(node)))
            return (
                dotted_variable(root.name, tuple(names), node.start, run) if self.environment.extras else run
            )
        if isinstance(root, Ident) and len(names) == 1 and scope[root.name] not in self.bound:
            return local_field(scope[root.name], names[0], root.name, node.start)
        label = root.name if isinstance(root, Ident) else ""
        return value_path(self.run(root, scope), tuple(names), label, node.start)

    def _optional(self, node: Select, field: str, scope: Scope) -> Run:
        operand, start, plain = self.run(node.operand, scope), node.start, unescape(field)

        def select(frame: Frame) -> Any:
            try:
                found = operators.optional_index(operand(frame), field)
                if plain != field and not found.has_value:
                    return operators.optional_index(operand(frame), plain)
                return found
            except CelError as error:
                raise error.at(start) from None

        return select

    def visit_index(self, node: Index, scope: Scope) -> Run:
        operand, key, start = self.run(node.operand, scope), self.run(node.key, scope), node.key.start
        if node.optional:
            return calls.guarded(lambda frame: operators.optional_index(operand(frame), key(frame)), start)
        constant = node.key.value if isinstance(node.key, Literal) else None
        path = f"{dotted_name(node.operand)}[{constant!r}]" if isinstance(constant, (str, int)) else ""

        def index(frame: Frame) -> Any:
            container, position = operand(frame), key(frame)
            kind = type(position)
            if kind is str and isinstance(container, dict) and position in container:
                return container[position]
            if kind is int and isinstance(container, list) and 0 <= position < len(container):
                return container[position]
            try:
                return operators.index(container, position)
            except CelError as error:
                error.path = error.path or path
                if isinstance(constant, str) and error.pending:
                    error.message = f"no such key: {constant}"
                raise error.at(start) from None

        return index

    def visit_has(self, node: Has, scope: Scope) -> Run:
        operand, field, start = self.run(node.operand, scope), node.field, node.start
        plain = unescape(field)
        if node.optional:
            return calls.guarded(
                lambda frame: operators.optional_index(operand(frame), field).has_value, start
            )

        def has(frame: Frame) -> bool:
            value = operand(frame)
            if isinstance(value, dict):
                return field in value or plain in value
            try:
                return operators.has_field(value, field)
            except CelError as error:
                raise error.at(start) from None

        return has

    # Operators

    def visit_unary(self, node: Unary, scope: Scope) -> Run:
        operand, start = self.run(node.operand, scope), node.start
        if node.operator == "-":
            return calls.guarded(lambda frame: operators.negate(operand(frame)), start)

        def negation(frame: Frame) -> bool:
            value = operand(frame)
            if value is True:
                return False
            if value is False:
                return True
            raise no_overload("!_", value).at(start)

        return negation

    def visit_binary(self, node: Binary, scope: Scope) -> Run:
        left, right = self.run(node.left, scope), self.run(node.right, scope)
        if node.operator in ("==", "!=") and isinstance(node.right, Literal):
            return calls.equals_literal(left, node.right.value, node.operator == "==", node.operator_start)
        return calls.BINARY[node.operator](left, right, node.operator_start)

    def visit_chain(self, node: Chain, scope: Scope) -> Run:
        operands = [self.run(operand, scope) for operand in node.operands]
        if node.operator == "+":
            return calls.addition(operands, node.operator_starts)
        return calls.logical(operands, node.operator == "||", node.start)

    def visit_conditional(self, node: Conditional, scope: Scope) -> Run:
        run = self.run(node.otherwise, scope)
        for condition, result in reversed(node.branches):
            run = calls.conditional(self.run(condition, scope), self.run(result, scope), run, condition.start)
        return run

    # Literals with parts

    def visit_list_literal(self, node: ListLiteral, scope: Scope) -> Run:
        items = [(optional, self.run(item, scope)) for optional, item in node.items]
        if not any(optional for optional, _ in items):
            plain = [item for _, item in items]
            return lambda frame: [item(frame) for item in plain]

        def build(frame: Frame) -> list[Any]:
            found: list[Any] = []
            for optional, item in items:
                value = item(frame)
                if not optional:
                    found.append(value)
                elif not isinstance(value, OptionalValue):
                    raise no_overload("optional element", value).at(node.start)
                elif value.has_value:
                    found.append(value.value)
            return found

        return build

    def visit_map_literal(self, node: MapLiteral, scope: Scope) -> Run:
        keys = [key.value if isinstance(key, Literal) else None for _, key, _ in node.entries]
        simple = all(type(key) is str for key in keys) and len(set(keys)) == len(keys)
        if simple and not any(optional for optional, _, _ in node.entries):
            values = [
                (key, self.run(value, scope)) for key, (_, _, value) in zip(keys, node.entries, strict=True)
            ]
            return lambda frame: {key: value(frame) for key, value in values}
        entries = [
            (optional, self.run(key, scope), self.run(value, scope), key.start)
            for optional, key, value in node.entries
        ]

        def build(frame: Frame) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for optional, key_of, value_of, start in entries:
                key, value = key_of(frame), value_of(frame)
                if type(key) not in KEY_CLASSES:
                    raise no_overload("map key", key).at(start)
                if key in found:
                    raise CelError("duplicate key in the map literal", offset=start)
                if optional:
                    if not isinstance(value, OptionalValue):
                        raise no_overload("optional entry", value).at(start)
                    if not value.has_value:
                        continue
                    value = value.value
                found[key] = value
            return found

        return build

    def visit_new_condition(self, node: NewCondition, scope: Scope) -> Run:
        if not self.environment.conditions:
            return calls.unknown("runtime.newCondition", node.start)
        fields = {name: self.run(value, scope) for name, value in node.fields}
        return calls.guarded(
            lambda frame: new_condition({name: value(frame) for name, value in fields.items()}), node.start
        )

    # Calls

    def visit_call(self, node: Call, scope: Scope) -> Run:
        name = qualified_name(node, scope)
        args = [self.run(argument, scope) for argument in node.args]
        if name:
            return calls.call(calls.find(name, False, self.environment), name, args, node.start)
        assert node.target is not None
        target = self.run(node.target, scope)
        if node.function in ("or", "orValue") and len(args) == 1:
            return calls.otherwise(node.function, target, args[0], node.name_start)
        args.insert(0, target)
        found = calls.find(node.function, True, self.environment)
        return calls.call(found, node.function, args, node.name_start)

    def visit_bind(self, node: Bind, scope: Scope) -> Run:
        value = self.run(node.value, scope)
        inner, slot = self.bind(scope, node.name)
        self.bound.add(slot)
        return calls.bind(slot, value, self.run(node.body, inner))

    def visit_macro(self, node: Macro, scope: Scope) -> Run:
        target, inner, slots = self.run(node.target, scope), scope, []
        for name in node.variables:
            inner, slot = self.bind(inner, name)
            slots.append(slot)
        body = [self.run(part, inner) for part in node.body]
        weight = 1 + sum(part.weight for part in node.body)
        return calls.guarded(comprehensions.build(node.name, target, slots, body, weight), node.start)
