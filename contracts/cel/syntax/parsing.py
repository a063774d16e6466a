"""Parse the source of an expression into its syntax tree."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput

from contracts.cel.errors import CelSyntaxError
from contracts.cel.limits import MAX_SOURCE
from contracts.cel.syntax import grammar
from contracts.cel.syntax.nodes import Node
from contracts.cel.syntax.tree import Builder, Rejection

_building = Lock()


def parse_node(source: str) -> Node:
    """The syntax tree of an expression. Raises CelSyntaxError."""
    if len(source) > MAX_SOURCE:
        raise CelSyntaxError(f"The expression is longer than {MAX_SOURCE} characters.", source, MAX_SOURCE)
    try:
        source.encode()
        return cast(Node, _parser().parse(source))
    except Rejection as error:
        raise CelSyntaxError(error.message, source, error.offset, error.hint) from None
    except UnexpectedInput as error:
        raise _unexpected(error, source) from None
    except UnicodeEncodeError as error:
        raise CelSyntaxError("Invalid Unicode character.", source, error.start) from None


@lru_cache(maxsize=1)
def _tables() -> Lark:
    return grammar.parser(Builder())


def _parser() -> Lark:
    """Building the parser's tables takes a tenth of a second, so it is done for the first expression."""
    with _building:
        return _tables()


def _unexpected(error: UnexpectedInput, source: str) -> CelSyntaxError:
    if not source.strip():
        return CelSyntaxError("The expression is empty.", source, 0)
    token = getattr(error, "token", None)
    if isinstance(error, UnexpectedCharacters):
        offset = error.pos_in_stream or 0
        character = source[offset : offset + 1]
        if character in "\"'`":
            return CelSyntaxError("Unterminated string.", source, offset, f"Add the closing {character}.")
        return CelSyntaxError(f"Unexpected “{character}”.", source, offset, _hint(character, source, offset))
    if isinstance(token, Token) and token.type != "$END":
        offset = token.start_pos or 0
        return CelSyntaxError(
            f"Unexpected “{_short(token)}”.", source, offset, _hint(str(token), source, offset)
        )
    return CelSyntaxError("The expression is incomplete.", source, len(source.rstrip()), _unclosed(source))


def _short(token: Token) -> str:
    return str(token) if len(token) <= 30 else str(token)[:30] + "…"


def _hint(text: str, source: str, offset: int) -> str:
    following = source[offset : offset + 3]
    if text in ("&", "|"):
        return f"Write “{text}{text}”."
    if text == "=":
        return "Compare with “==”."
    if text == "$":
        return "An expression inside an expression does not need “${”."
    if text in ("?", ":") and following.startswith("?:"):
        return "Write “a ? b : c”, or “a.?b.orValue(c)”."
    return ""


def _unclosed(source: str) -> str:
    for opening, closing in ("()", "[]", "{}"):
        if source.count(opening) > source.count(closing):
            return f"Is a “{closing}” missing?"
    return ""
