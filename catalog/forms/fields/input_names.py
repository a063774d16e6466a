"""Names of inputs: slash-separated tokens, such as ``/scaling/min``, ``/ports/@2/port``, ``/env/@0/#key``.

A property name is a token, escaped as in JSON Pointer. A row of a list or map is an opaque ``@…`` token that
stays the same during the lifetime of the page. Rows are ordered by their first occurrence in the posted body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KEY = "#key"
VALUE = "#value"

_NOT_IN_ID = re.compile(r"[^a-zA-Z0-9]")


def escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")


def below(name: str, key: str) -> str:
    """The name of property ``key`` of the object ``name``."""
    return f"{name}/{escape(key)}"


def is_row(token: str) -> bool:
    return token.startswith("@")


def row_token(position: int) -> str:
    return f"@{position}"


def unused_row(tokens: Iterable[str]) -> str:
    """A token for a new row: one more than the largest in use."""
    numbers = [int(token[1:]) for token in tokens if token[1:].isdecimal()]
    return row_token(max(numbers, default=-1) + 1)


def html_id(name: str) -> str:
    """An HTML id for an input's name; different names get different ids."""
    return "f" + _NOT_IN_ID.sub(lambda match: "-" if match[0] == "/" else f"_{ord(match[0]):x}_", name)
