"""Names of inputs: slash-separated tokens, such as ``/scaling/min``, ``/ports/@2/port``, ``/env/@0/#key``.

A property name is a token, escaped as in JSON Pointer. A row of a list or map is an opaque ``@…`` token that
stays the same during the lifetime of the page: ``@0`` is the first row of the list or map that the form was
opened with. Rows are ordered by their first occurrence in the posted body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KEY = "#key"
VALUE = "#value"
SOURCE = "#source"  # what the rows of a list or map were rendered from: "value:3", "default:2"

_NOT_IN_ID = re.compile(r"[^a-zA-Z0-9]")


def escape(key: str) -> str:
    """As in JSON Pointer; ``#`` and ``@``, with which other tokens start, are escaped as well."""
    return key.replace("~", "~0").replace("/", "~1").replace("#", "~2").replace("@", "~3")


def unescape(token: str) -> str:
    return token.replace("~3", "@").replace("~2", "#").replace("~1", "/").replace("~0", "~")


def below(name: str, key: str) -> str:
    """The name of property ``key`` of the object ``name``."""
    return f"{name}/{escape(key)}"


def is_row(token: str) -> bool:
    return token.startswith("@")


def row_token(position: int) -> str:
    return f"@{position}"


def row_position(token: str) -> int:
    """The opposite of :func:`row_token`; -1 for other tokens."""
    number = token[1:]
    return int(number) if number.isdecimal() and len(number) < 10 else -1


def unused_row(tokens: Iterable[str]) -> str:
    """A token for a new row: one more than the largest in use."""
    return row_token(max(map(row_position, tokens), default=-1) + 1)


def html_id(name: str) -> str:
    """An HTML id for an input's name; different names get different ids."""
    return "f" + _NOT_IN_ID.sub(lambda match: "-" if match[0] == "/" else f"_{ord(match[0]):x}_", name)
