"""Print a syntax tree in canonical form. Parsing the result returns the same tree."""

from __future__ import annotations

import re
from typing import Any

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
from contracts.cel.values.cel_values import UInt

LEVELS = {"||": 2, "&&": 3, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
RELATION, UNARY, PRIMARY = 4, 7, 8
IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def unparse(node: Node) -> str:
    return _print(node)[0]


def _print(node: Node) -> tuple[str, int]:
    """The source, and the precedence of its outermost operator."""
    method = getattr(_Printer, VISIT[type(node)])
    found: tuple[str, int] = method(node)
    return found


def _bracketed(node: Node, level: int) -> str:
    text, bound = _print(node)
    return text if bound >= level else f"({text})"


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(map(unparse, nodes))


def _field(name: str) -> str:
    return name if IDENTIFIER.fullmatch(name) else f"`{name}`"


def quoted(text: str) -> str:
    return '"' + "".join(_character(c) for c in text) + '"'


def _character(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, UInt):
        return f"{int(value)}u"
    if isinstance(value, bytes):
        return (
            'b"'
            + "".join(
                f"\\x{byte:02x}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte) for byte in value
            )
            + '"'
        )
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return _double(value)
    return str(value)


def _double(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return "1e999" if value > 0 else "-1e999"
    text = repr(value)
    return text if "." in text or "e" in text else text + ".0"


class _Printer:
    """One method per kind of node."""

    @staticmethod
    def visit_literal(node: Literal) -> tuple[str, int]:
        return _literal(node.value), UNARY if _is_negative(node.value) else PRIMARY

    @staticmethod
    def visit_ident(node: Ident) -> tuple[str, int]:
        return ("." if node.rooted else "") + node.name, PRIMARY

    @staticmethod
    def visit_select(node: Select) -> tuple[str, int]:
        dot = ".?" if node.optional else "."
        return _bracketed(node.operand, PRIMARY) + dot + _field(node.field), PRIMARY

    @staticmethod
    def visit_has(node: Has) -> tuple[str, int]:
        dot = ".?" if node.optional else "."
        return f"has({_bracketed(node.operand, PRIMARY)}{dot}{_field(node.field)})", PRIMARY

    @staticmethod
    def visit_index(node: Index) -> tuple[str, int]:
        mark = "?" if node.optional else ""
        return f"{_bracketed(node.operand, PRIMARY)}[{mark}{unparse(node.key)}]", PRIMARY

    @staticmethod
    def visit_call(node: Call) -> tuple[str, int]:
        if node.target is None:
            return f"{'.' if node.rooted else ''}{node.function}({_list(node.args)})", PRIMARY
        return f"{_bracketed(node.target, PRIMARY)}.{node.function}({_list(node.args)})", PRIMARY

    @staticmethod
    def visit_unary(node: Unary) -> tuple[str, int]:
        operand = _bracketed(node.operand, UNARY)
        if node.operator == "-" and operand[0] in "-.0123456789":
            operand = f"({operand})"
        return node.operator + operand, UNARY

    @staticmethod
    def visit_binary(node: Binary) -> tuple[str, int]:
        level = LEVELS.get(node.operator, RELATION)
        return f"{_bracketed(node.left, level)} {node.operator} {_bracketed(node.right, level + 1)}", level

    @staticmethod
    def visit_chain(node: Chain) -> tuple[str, int]:
        level = LEVELS[node.operator]
        first, *rest = node.operands
        texts = [_bracketed(first, level), *(_bracketed(operand, level + 1) for operand in rest)]
        return f" {node.operator} ".join(texts), level

    @staticmethod
    def visit_conditional(node: Conditional) -> tuple[str, int]:
        branches = "".join(
            f"{_bracketed(test, 2)} ? {_bracketed(result, 2)} : " for test, result in node.branches
        )
        return branches + unparse(node.otherwise), 1

    @staticmethod
    def visit_list_literal(node: ListLiteral) -> tuple[str, int]:
        return "[" + ", ".join(
            ("?" if mark else "") + unparse(item) for mark, item in node.items
        ) + "]", PRIMARY

    @staticmethod
    def visit_map_literal(node: MapLiteral) -> tuple[str, int]:
        entries = (
            f"{'?' if mark else ''}{unparse(key)}: {unparse(value)}" for mark, key, value in node.entries
        )
        return "{" + ", ".join(entries) + "}", PRIMARY

    @staticmethod
    def visit_macro(node: Macro) -> tuple[str, int]:
        args = ", ".join((*node.variables, *map(unparse, node.body)))
        return f"{_bracketed(node.target, PRIMARY)}.{node.name}({args})", PRIMARY

    @staticmethod
    def visit_bind(node: Bind) -> tuple[str, int]:
        return f"cel.bind({node.name}, {unparse(node.value)}, {unparse(node.body)})", PRIMARY

    @staticmethod
    def visit_new_condition(node: NewCondition) -> tuple[str, int]:
        fields = ", ".join(f"{name}: {unparse(value)}" for name, value in node.fields)
        return "runtime.newCondition({" + fields + "})", PRIMARY


def _is_negative(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and str(value).startswith("-")
