"""Regular expressions as the API server reads them: RE2, linear time, no look-around (kro §12.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

_ESCAPES = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.", re.DOTALL)


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> tuple[Any, str]:
    if r"\C" in _ESCAPES.findall(pattern):
        return None, r"invalid escape sequence: \C"  # the C++ library knows it, Go does not
    try:
        return re2.compile(pattern, _options()), ""
    except re2.error as error:
        words = error.args[0] if error.args else b"it cannot be parsed"
        return None, words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def pattern_fault(pattern: str) -> str:
    """What is wrong with ``pattern``, or an empty text."""
    return _compiled(pattern)[1]


def occurs(pattern: str, text: str) -> bool:
    """Whether ``pattern`` matches anywhere in ``text``; one that cannot be read matches everything."""
    compiled, _ = _compiled(pattern)
    return compiled is None or compiled.search(text) is not None
