"""Explains why an assertion of a test fails: which part of it, and the actual value. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from contracts import cel
from contracts.cel.syntax.nodes import Binary, Chain, Literal, Node
from contracts.documents.paths import MISSING

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
MAX_LENGTH = 200
"""Characters of a value that are printed."""


def explain_assertion(text: str, names: Mapping[str, object]) -> str:
    """One sentence that explains why a CEL expression is not true; empty if it is."""
    source = text.strip()
    source = source[2:-1] if source.startswith("${") and source.endswith("}") else source
    try:
        expression = cel.parse(source)
        found = expression.evaluate(names)
    except cel.CelSyntaxError as error:
        return f"“{source}” cannot be parsed: {error.message}"
    except cel.CelError as error:
        return f"“{source}” cannot be evaluated: {error.message}."
    if found is True:
        return ""
    if found is not False:
        return f"“{source}” should be true, but it is {format_value(found)}."
    reasons = " and ".join(_reasons(expression.node, names, expression))
    return f"“{source}” should be true, but {reasons or 'it is false'}."


def _reasons(node: Node, names: Mapping[str, object], whole: cel.Expression) -> Iterator[str]:
    """The values of both sides of a comparison; for a conjunction, of the conjuncts that are false."""
    if isinstance(node, Chain) and node.operator == "&&":
        for part in node.operands:
            if _value(part, names, whole) is not True:
                yield from _reasons(part, names, whole)
    elif isinstance(node, Binary) and node.operator in COMPARISONS:
        for side in (node.left, node.right):
            if not isinstance(side, Literal):
                yield f"{_text(side, whole)} is {format_value(_value(side, names, whole))}"
    elif node is not whole.node:
        yield f"“{_text(node, whole)}” is {format_value(_value(node, names, whole))}"


def _value(node: Node, names: Mapping[str, object], whole: cel.Expression) -> object:
    try:
        return cel.Expression(whole.source, node, whole.environment).evaluate(names)
    except cel.CelError:
        return MISSING


def _text(node: Node, whole: cel.Expression) -> str:
    return cel.Expression(whole.source, node, whole.environment).unparse()


def format_value(value: Any) -> str:
    """A value as JSON, truncated; “absent” for a missing one."""
    if value is MISSING:
        return "absent"
    try:
        text = json.dumps(cel.to_json(value), ensure_ascii=False, default=str)
    except cel.CelError:
        text = str(value)
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
