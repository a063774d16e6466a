"""A YAML text as lines of safe HTML with classes: k key, s string, n number, c comment, p punctuation."""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments.lexers.data import YamlLexer
from pygments.token import Comment, Literal, Name, Punctuation, String, _TokenType

# Longer texts are shown without colours: the lexer takes about a second for every 400 kB.
MAX_LENGTHS = 200_000
NUMBER = re.compile(r"[-+]?\d[\d_]*(\.\d+)?|true|false|null|~")
CLASSES = (
    (Comment, "c"),
    (Name.Tag, "k"),
    (Name.Constant, "s"),
    (Punctuation, "p"),
    (String, "s"),
    (Literal.Scalar, "s"),
)


def lines_of(text: str) -> list[str]:
    """The lines of a text without line ends, as editors count them: Unicode separators do not end a line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


@lru_cache(maxsize=64)
def highlighted(text: str) -> tuple[SafeString, ...]:
    """One entry for each of the ``lines_of`` the text."""
    if len(text) > MAX_LENGTHS:
        return tuple(escape(line) for line in lines_of(text))
    html = ""
    for token, value in YamlLexer(stripnl=False, ensurenl=False).get_tokens(text):
        html += "\n".join(span(token, part) for part in value.split("\n"))
    return tuple(mark_safe(line) for line in lines_of(html))  # noqa: S308  every part is escaped


def span(token: _TokenType, value: str) -> str:
    if not value.strip():
        return escape(value)
    name = next((name for kind, name in CLASSES if token in kind), "")
    if name == "s" and token in Literal.Scalar and NUMBER.fullmatch(value.strip()):
        name = "n"
    return f'<span class="{name}">{escape(value)}</span>' if name else escape(value)
