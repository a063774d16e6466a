"""Find the end of an expression inside a string, without parsing the expression."""

from __future__ import annotations

import re

# All other characters can be skipped. A prefix determines how the string after the quote is read.
TOKEN = re.compile(r"""(?P<prefix>[rRbB]{0,2})(?P<quote>\"{3}|'{3}|["'`])|(?P<comment>//)|(?P<brace>[{}])""")
CLOSED_OR_LITERAL = ('"', '"""', "'''")
WORD = re.compile(r"[A-Za-z0-9_]")


def scan(text: str, start: int) -> int | None:
    r"""The offset of the ``}`` that closes the expression beginning at ``start`` (just after ``${``).

    Braces in string literals of every form and in comments do not count. None if the expression is not
    closed: it is then plain text (kro §3.1). An apostrophe that is not closed is skipped, so that parsing the
    expression can report it. Linear in the length of the text.
    """
    depth = 0
    position = start
    while (token := TOKEN.search(text, position)) is not None:
        position = token.end()
        if token["comment"]:
            newline = text.find("\n", position)
            if newline < 0:
                return None
            position = newline + 1
        elif token["quote"]:
            raw = "r" in token["prefix"].lower() and not _continues_word(text, token.start(), start)
            end = _end_of_string(text, position, token["quote"], raw or token["quote"] == "`")
            if end is None and token["quote"] in CLOSED_OR_LITERAL:
                return None
            position = token.end() if end is None else end
        elif token["brace"] == "{":
            depth += 1
        elif depth == 0:
            return token.start()
        else:
            depth -= 1
    return None


def _continues_word(text: str, position: int, start: int) -> bool:
    return position > start and WORD.match(text, position - 1) is not None


def _end_of_string(text: str, position: int, quote: str, raw: bool) -> int | None:
    """The end of a string literal; ``position`` is after its opening quote."""
    end = "" if len(quote) == 3 else "|\n"
    stops = re.compile(re.escape(quote) + end + ("" if raw else r"|\\"))
    while (stop := stops.search(text, position)) is not None:
        if stop.group() == quote:
            return stop.end()
        if stop.group() == "\n":
            return None
        position = stop.end() + 1
    return None
