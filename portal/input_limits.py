"""How large input may be, and the check of JSON against it before the text is parsed. Pure.

The limits are settings (docs/reference/settings.md). They are read here and not in ``portal/settings.py``,
because packages that import no framework apply them as well: the readers of YAML and JSON, which the commands
share.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass


def _limit(name: str, default: int) -> int:
    return max(int(os.environ.get(name) or default), 1)


@dataclass(frozen=True, slots=True)
class InputLimits:
    """``body`` and ``key`` in bytes of UTF-8, ``query`` and ``topic`` in characters.

    ``nodes``: values in a document, and fields of a form.
    """

    body: int = _limit("SLIPWAY_MAX_BODY_BYTES", 3 * 512 * 1024)
    depth: int = _limit("SLIPWAY_MAX_DEPTH", 64)
    nodes: int = _limit("SLIPWAY_MAX_NODES", 20_000)
    digits: int = _limit("SLIPWAY_MAX_DIGITS", 400)
    key: int = _limit("SLIPWAY_MAX_KEY_BYTES", 1024)
    query: int = _limit("SLIPWAY_MAX_QUERY_CHARACTERS", 256)
    topic: int = _limit("SLIPWAY_MAX_TOPIC_CHARACTERS", 128)


LIMITS = InputLimits()
_RULES = {
    "body": "The request body has more than {:,} bytes.",
    "depth": "Nested more than {:,} levels deep.",
    "nodes": "More than {:,} values.",
    "digits": "A number has more than {:,} digits.",
    "key": "A name is longer than {:,} bytes.",
    "query": "A parameter of the address has more than {:,} characters.",
    "topic": "A topic has more than {:,} characters.",
}


def limit_message(limit: str) -> str:
    """What exceeds ``limit``, the name of a field of :class:`InputLimits`, with its value."""
    return _RULES[limit].format(getattr(LIMITS, limit))


class LimitExceeded(ValueError):
    """Input exceeds ``limit``. ``status``: the code of the response, 413 or 422."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit_message(limit))
        self.limit = limit
        self.status = 413 if limit == "body" else 422


def bytes_in(text: str) -> int:
    """Bytes of UTF-8, also of a text with lone surrogates."""
    return len(text.encode("utf-8", "surrogatepass"))


# A string, and whether it is a key; brackets; any other run of characters. No alternative backtracks.
_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+"?)(?P<key>\s*+:)?'
    r"|(?P<open>[\[{])|(?P<close>[\]}]++)|(?P<word>[^\s\"\[\]{},:]++)",
    re.DOTALL,
)


def _is_long(key: str) -> bool:
    """Whether a key, with its quotes and escapes, exceeds the limit."""
    if len(key) <= LIMITS.key // 4:  # a character has at most four bytes
        return False
    try:
        return len(key) > 6 * LIMITS.key + 2 or bytes_in(json.loads(key)) > LIMITS.key
    except ValueError:
        return False


def check_json(text: str) -> None:
    """Raises :class:`LimitExceeded`. Linear, and stops at the first excess; says nothing about syntax."""
    depth = nodes = keys = 0
    for token in _TOKEN.finditer(text):
        if token["close"]:
            depth -= len(token["close"])
        elif token["key"]:
            keys += 1
            if _is_long(token["string"]):
                raise LimitExceeded("key")
        else:
            nodes += 1
            depth += bool(token["open"])
            if token["word"] and len(token["word"]) > LIMITS.digits and token["word"][0] in "-0123456789":
                raise LimitExceeded("digits")
        if depth > LIMITS.depth:
            raise LimitExceeded("depth")
        if max(nodes, keys) > LIMITS.nodes:
            raise LimitExceeded("nodes")
