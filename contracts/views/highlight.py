"""A YAML text as lines of safe HTML with classes: k key, s text, n number, c comment, p punctuation."""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments.lexers.data import YamlLexer
from pygments.token import Comment, Literal, Name, Punctuation, String, _TokenType

# Longer texts are shown without colours: the lexer takes about a second for every 400 kB.
LONGEST = 200_000
NUMBER = re.compile(r"[-+]?\d[\d_]*(\.\d+)?|true|false|null|~")
CLASSES = (
    (Comment, "c"),
    (Name.Tag, "k"),
    (Name.Constant, "s"),
    (Punctuation, "p"),
    (String, "s"),
    (Literal.Scalar, "s"),
)


@lru_cache(maxsize=64)
def highlighted(text: str) -> tuple[SafeString, ...]:
    """One entry per line of ``text``, without line ends."""
    if len(text) > LONGEST:
        return tuple(escape(line) for line in text.splitlines())
    lines = [""]
    for token, value in YamlLexer(stripnl=False, ensurenl=False).get_tokens(text):
        for number, part in enumerate(value.splitlines(keepends=True)):
            if number and not lines[-1].endswith("\n"):
                lines.append("")
            lines[-1] += marked(token, part.rstrip("\n"))
            if part.endswith("\n"):
                lines.append("")
    return tuple(mark_safe(line) for line in (lines[:-1] if lines[-1] == "" else lines))  # noqa: S308  escaped above


def marked(token: _TokenType, value: str) -> str:
    if not value.strip():
        return escape(value)
    name = next((name for kind, name in CLASSES if token in kind), "")
    if name == "s" and token in Literal.Scalar and NUMBER.fullmatch(value.strip()):
        name = "n"
    return f'<span class="{name}">{escape(value)}</span>' if name else escape(value)
