"""YAML as highlighted lines, with problems beside the lines that they are about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from html import escape

from pygments import lex
from pygments.lexers import YamlLexer
from pygments.token import Token

from contracts.problems import Problem

_CLASSES = {
    Token.Name.Tag: "k",
    Token.Literal.Scalar.Plain: "s",
    Token.Literal.String: "s",
    Token.Literal.Number: "n",
    Token.Comment: "c",
    Token.Comment.Single: "c",
    Token.Punctuation: "p",
    Token.Punctuation.Indicator: "p",
    Token.Name.Constant: "n",
    Token.Name.Variable: "s",
}
_VALUE = re.compile(r"-?\d+(\.\d+)?|true|false|null")
MOST_LINES = 3000


@dataclass(slots=True)
class Line:
    """``html`` is safe; ``css`` is ``wrong`` or ``changed`` or empty; ``why`` is the problem."""

    html: str = ""
    css: str = ""
    why: str = ""


def yaml_lines(text: str, problems: Iterable[Problem] = (), changed: Collection[int] = ()) -> list[Line]:
    """One :class:`Line` per line of ``text``. ``changed`` holds line numbers, from 1."""
    lines = _coloured(text)
    for number in changed:
        if 0 < number <= len(lines):
            lines[number - 1].css = "changed"
    for problem in problems:
        if 0 < problem.line <= len(lines):
            line = lines[problem.line - 1]
            line.css, line.why = "wrong", line.why or problem.message
    return lines[:MOST_LINES]


def _coloured(text: str) -> list[Line]:
    parts: list[list[str]] = [[]]  # of each line; adding to a string of thousands of tokens takes seconds
    for token, value in lex(text, YamlLexer()):
        css = _CLASSES.get(token, "")
        if css == "s" and _VALUE.fullmatch(value.strip()):
            css = "n"
        for number, part in enumerate(value.split("\n")):
            if number:
                parts.append([])
            if part:
                shown = escape(part)
                parts[-1].append(f'<span class="{css}">{shown}</span>' if css else shown)
    lines = [Line("".join(found)) for found in parts]
    while lines and not lines[-1].html.strip():
        lines.pop()
    return lines
