"""Why an assertion of a test does not hold: which part of it, and what was found there (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from contracts import cel
from contracts.cel.syntax.nodes import Binary, Chain, Literal, Node
from contracts.documents.paths import MISSING

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
MOST = 200
"""Characters of a value that are shown."""


def unmet(text: str, names: Mapping[str, object]) -> str:
    """One sentence about a CEL text that should be true, with what was expected and found; empty if it is."""
    source = text.strip()
    source = source[2:-1] if source.startswith("${") and source.endswith("}") else source
    try:
        expression = cel.parse(source)
        found = expression.evaluate(names)
    except cel.CelSyntaxError as error:
        return f"“{source}” cannot be read: {error.message}"
    except cel.CelError as error:
        return f"“{source}” cannot be judged: {error.message}."
    if found is True:
        return ""
    if found is not False:
        return f"“{source}” should be true, but it is {shown(found)}."
    reasons = " and ".join(_reasons(expression.node, names, expression))
    return f"“{source}” should be true, but {reasons or 'it is false'}."


def _reasons(node: Node, names: Mapping[str, object], whole: cel.Expression) -> Iterator[str]:
    """What the sides of a comparison are; of several conjuncts, those that do not hold."""
    if isinstance(node, Chain) and node.operator == "&&":
        for part in node.operands:
            if _value(part, names, whole) is not True:
                yield from _reasons(part, names, whole)
    elif isinstance(node, Binary) and node.operator in COMPARISONS:
        for side in (node.left, node.right):
            if not isinstance(side, Literal):
                yield f"{_text(side, whole)} is {shown(_value(side, names, whole))}"
    elif node is not whole.node:
        yield f"“{_text(node, whole)}” is {shown(_value(node, names, whole))}"


def _value(node: Node, names: Mapping[str, object], whole: cel.Expression) -> object:
    try:
        return cel.Expression(whole.source, node, whole.environment).evaluate(names)
    except cel.CelError:
        return MISSING


def _text(node: Node, whole: cel.Expression) -> str:
    return cel.Expression(whole.source, node, whole.environment).unparse()


def shown(value: Any) -> str:
    """A value as it would stand in the author's YAML, shortened; “absent” for what is not there."""
    if value is MISSING:
        return "absent"
    try:
        text = json.dumps(cel.to_json(value), ensure_ascii=False, default=str)
    except cel.CelError:
        text = str(value)
    return text if len(text) <= MOST else f"{text[:MOST]}…"
