"""RE2 regular expressions: ``matches``, and Kubernetes' ``find`` and ``findAll``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.limits import Budget

MAX_PATTERN = 4096
ANY_BYTE = re.compile(r"(?:[^\\]|\\[^C])*\\C", re.DOTALL)
"""RE2 supports ``\\C``; Go does not."""
PER_MATCH = 16
OPTIONS = re2.Options()
OPTIONS.log_errors = False
OPTIONS.max_mem = 4 << 20


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """Raises CelError for an invalid pattern."""
    if len(pattern) > MAX_PATTERN:
        raise CelError("the regular expression is too long")
    if ANY_BYTE.match(pattern):
        raise CelError("invalid regular expression")
    try:
        return re2.compile(pattern, OPTIONS)
    except re2.error:
        raise CelError("invalid regular expression") from None


def _pattern(budget: Budget, text: str, pattern: str) -> Any:
    budget.spend((len(text) >> 3) + len(pattern))
    return compiled(pattern)


@function("matches(string, string): bool")
@method("string.matches(string): bool")
def matches(budget: Budget, text: str, pattern: str) -> bool:
    return _pattern(budget, text, pattern).search(text) is not None


@method("string.find(string): string")
def find(budget: Budget, text: str, pattern: str) -> str:
    match = _pattern(budget, text, pattern).search(text)
    return str(match.group()) if match else ""


@method("string.findAll(string): list(string)", "string.findAll(string, int): list(string)")
def find_all(budget: Budget, text: str, pattern: str, count: int = -1) -> list[str]:
    budget.produce(len(text))
    found: list[str] = []
    data = text.encode()  # re2 recounts the characters of a str for every match
    last = -1
    for match in _pattern(budget, text, pattern).finditer(data):
        if 0 <= count <= len(found):
            break
        start, end = match.span()
        if start == end and (start == last or _inside_character(data, start)):
            continue  # as in Go: no empty match right after a match, and none within a character
        budget.spend(PER_MATCH)
        found.append(data[start:end].decode())
        last = end
    return found


def _inside_character(data: bytes, index: int) -> bool:
    return index < len(data) and data[index] & 0xC0 == 0x80
