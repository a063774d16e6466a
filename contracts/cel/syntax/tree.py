"""Build nodes from the grammar's reductions, bottom up and without recursion.

The parser calls one method per rule with the results of the rule's parts: nodes, tokens, or lists of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from lark import Token, Transformer

from contracts.cel.limits import MAX_DEPTH
from contracts.cel.syntax import literals, macros
from contracts.cel.syntax.nodes import (
    Binary,
    Call,
    Chain,
    Conditional,
    Ident,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Node,
    Select,
    Unary,
)

RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "null",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
Parts = list[Any]


class Rejection(Exception):
    """A message and its offset; the parser turns it into a CelSyntaxError."""

    def __init__(self, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.offset, self.hint = message, offset, hint


def bounded(node: Node) -> Node:
    if node.depth > MAX_DEPTH:
        raise Rejection(f"The expression is nested more than {MAX_DEPTH} levels deep.", node.start)
    return node


def start_of(part: Node | Token) -> int:
    return (part.start_pos or 0) if isinstance(part, Token) else part.start


def end_of(part: Node | Token) -> int:
    return (part.end_pos or 0) if isinstance(part, Token) else part.end


def field_name(token: Token) -> str:
    return token[1:-1] if token.type == "QUOTED" else str(token)


class Builder(Transformer[Any, Any]):
    """Stateless, so that all threads can share one parser."""

    # Operators. The parts of a level such as ``addition`` are (left and operator, right).

    def expr(self, parts: Parts) -> Node:
        condition, _, result, _, otherwise = parts
        if isinstance(otherwise, Conditional):
            otherwise.grow(condition, result)
            return bounded(otherwise)
        return bounded(Conditional(condition.start, otherwise.end, deque([(condition, result)]), otherwise))

    def conditionalor(self, parts: Parts) -> Node:
        return self._chain(parts[0], parts[1], parts[2])

    conditionaland = conditionalor

    def relation(self, parts: Parts) -> Node:
        (left, operator), right = parts
        return self._binary(left, operator, right)

    multiplication = relation

    def addition(self, parts: Parts) -> Node:
        (left, operator), right = parts
        return self._chain(left, operator, right) if operator == "+" else self._binary(left, operator, right)

    def _operator(self, parts: Parts) -> Parts:
        return parts

    relation_lt = relation_le = relation_ge = relation_gt = relation_eq = relation_ne = relation_in = (
        _operator
    )
    addition_add = addition_sub = multiplication_mul = multiplication_div = multiplication_mod = _operator

    def _binary(self, left: Node, operator: Token, right: Node) -> Node:
        return bounded(Binary(left.start, right.end, str(operator), left, right, start_of(operator)))

    def _chain(self, left: Node, operator: Token, right: Node) -> Node:
        start = start_of(operator)
        if isinstance(left, Chain) and left.operator == operator:
            left.grow(right, start)
            return bounded(left)
        return bounded(Chain(left.start, right.end, str(operator), [left, right], [start]))

    def unary(self, parts: Parts) -> Node:
        operator, operand = parts
        return bounded(Unary(start_of(operator), operand.end, str(operator), operand))

    def unary_not(self, parts: Parts) -> Token:
        return parts[0]  # type: ignore[no-any-return]

    unary_neg = unary_not

    # Members

    def member_dot(self, parts: Parts) -> Node:
        operand, token = parts[0], parts[-1]
        optional = len(parts) == 4
        return bounded(
            Select(operand.start, end_of(token), operand, field_name(token), optional, start_of(token))
        )

    member_optdot = member_dot

    def member_index(self, parts: Parts) -> Node:
        operand, key = parts[0], parts[-2]
        return bounded(Index(operand.start, end_of(parts[-1]), operand, key, len(parts) == 5))

    member_optindex = member_index

    def member_dot_arg(self, parts: Parts) -> Node:
        target, _, name = parts[:3]
        args = tuple(parts[4]) if len(parts) == 6 else ()
        call = Call(target.start, end_of(parts[-1]), str(name), target, args, start_of(name))
        return bounded(self._macro(call))

    def member_object(self, parts: Parts) -> Node:
        raise Rejection(
            "Protobuf messages cannot be constructed here.",
            start_of(parts[1]),
            'Write a map: {"field": value}.',
        )

    # Primaries

    def ident(self, parts: Parts) -> Node:
        token = parts[-1]
        if str(token) in RESERVED:
            raise Rejection(f"“{token}” is a reserved word and cannot be a variable.", start_of(token))
        return Ident(start_of(parts[0]), end_of(token), str(token), len(parts) == 2)

    dot_ident = ident

    def ident_arg(self, parts: Parts) -> Node:
        rooted = parts[0] == "."
        name, args = parts[1 if rooted else 0], parts[3 if rooted else 2 : -1]
        if str(name) in RESERVED:
            raise Rejection(f"“{name}” is a reserved word and cannot be called.", start_of(name))
        call = Call(
            start_of(parts[0]),
            end_of(parts[-1]),
            str(name),
            None,
            tuple(args[0]) if args else (),
            start_of(name),
            rooted,
        )
        return bounded(self._macro(call))

    dot_ident_arg = ident_arg

    def _macro(self, call: Call) -> Node:
        try:
            return macros.expand(call)
        except macros.Misuse as misuse:
            raise Rejection(misuse.message, misuse.node.start, misuse.hint) from None

    def paren_expr(self, parts: Parts) -> Node:
        return parts[1]  # type: ignore[no-any-return]

    def exprlist(self, parts: Parts) -> Parts:
        return parts[::2]

    def list_item(self, parts: Parts) -> tuple[bool, Node]:
        return len(parts) == 2, parts[-1]

    def list_items(self, parts: Parts) -> Parts:
        return parts[::2]

    def list_lit(self, parts: Parts) -> Node:
        items = tuple(parts[1]) if len(parts) == 3 else ()
        return bounded(ListLiteral(start_of(parts[0]), end_of(parts[-1]), items))

    def map_entry(self, parts: Parts) -> tuple[bool, Node, Node]:
        return len(parts) == 4, parts[-3], parts[-1]

    def mapinits(self, parts: Parts) -> Parts:
        return parts[::2]

    def map_lit(self, parts: Parts) -> Node:
        entries = tuple(parts[1]) if len(parts) == 3 else ()
        return bounded(MapLiteral(start_of(parts[0]), end_of(parts[-1]), entries))

    def literal(self, parts: Parts) -> Node:
        token = parts[0]
        try:
            value = LITERALS[token.type](str(token))
        except ValueError as error:
            raise Rejection(str(error), start_of(token)) from None
        return Literal(start_of(token), end_of(token), value)


LITERALS: dict[str, Callable[[str], Any]] = {
    "INT_LIT": literals.integer,
    "UINT_LIT": literals.unsigned,
    "FLOAT_LIT": float,
    "BOOL_LIT": lambda text: text == "true",
    "NULL_LIT": lambda text: None,
    "STRING_LIT": literals.string,
    "MLSTRING_LIT": literals.string,
    "BYTES_LIT": literals.byte_string,
}
