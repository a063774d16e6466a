"""Find the end of an expression inside a text, without reading the expression."""

from __future__ import annotations

import re

# Whatever is not one of these can be skipped. A prefix decides how the text behind its quote is read.
TOKEN = re.compile(r"""(?P<prefix>[rRbB]{0,2})(?P<quote>\"{3}|'{3}|["'`])|(?P<comment>//)|(?P<brace>[{}])""")
CLOSED_OR_LITERAL = ('"', '"""', "'''")
WORD = re.compile(r"[A-Za-z0-9_]")


def scan(text: str, start: int) -> int | None:
    r"""The offset of the ``}`` that closes the expression beginning at ``start`` (just after ``${``).

    Braces in texts of every form and in comments do not count. None when the expression is never closed: the
    text is then no expression at all (kro §3.1). An apostrophe that is never closed is passed over, so that
    reading the expression can say so. Linear in the length of the text.
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
            end = _after_text(text, position, token["quote"], raw or token["quote"] == "`")
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


def _after_text(text: str, position: int, quote: str, raw: bool) -> int | None:
    """Where a text ends whose opening quote has been passed."""
    end = "" if len(quote) == 3 else "|\n"
    stops = re.compile(re.escape(quote) + end + ("" if raw else r"|\\"))
    while (stop := stops.search(text, position)) is not None:
        if stop.group() == quote:
            return stop.end()
        if stop.group() == "\n":
            return None
        position = stop.end() + 1
    return None
