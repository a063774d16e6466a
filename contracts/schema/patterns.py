"""Regular expressions of the API server: RE2, linear time, no look-around (kro §12.1)."""

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
        return None, r"invalid escape sequence: \C"  # supported by the C++ library, but not by Go
    try:
        return re2.compile(pattern, _options()), ""
    except re2.error as error:
        reason = error.args[0] if error.args else b"it cannot be parsed"
        return None, reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def pattern_fault(pattern: str) -> str:
    """The reason why ``pattern`` is invalid, or an empty string."""
    return _compiled(pattern)[1]


def matches(pattern: str, text: str) -> bool:
    """Whether ``pattern`` matches anywhere in ``text``. An invalid pattern matches everything."""
    compiled, _ = _compiled(pattern)
    return compiled is None or compiled.search(text) is not None
