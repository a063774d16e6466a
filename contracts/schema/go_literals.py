"""Parse booleans, numbers and JSON as kro's Go code does (kro §12.1).

Every function raises ``ValueError`` for an invalid string.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DIGITS = r"[0-9]+(_[0-9]+)*"
_DECIMAL = re.compile(rf"[+-]?({_DIGITS}\.?({_DIGITS})?|\.{_DIGITS})([eE][+-]?{_DIGITS})?")
_HEX = r"[0-9a-fA-F]+(_[0-9a-fA-F]+)*"
_HEXADECIMAL = re.compile(rf"[+-]?0[xX]_?({_HEX}\.?({_HEX})?|\.{_HEX})[pP][+-]?{_DIGITS}")


def boolean(text: str) -> bool:
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(text)


def integer(text: str) -> int:
    """An integer of any size; the caller checks the range."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def number(text: str) -> int | float:
    """A float, also ``1_000``, ``.5`` and ``0x1p-2``; returned as an int if it has no fraction.

    Raises ValueError for infinities: kro reads them, but no definition can contain them.
    """
    plain = text.replace("_", "")
    if _DECIMAL.fullmatch(text):
        value = float(plain)
    elif _HEXADECIMAL.fullmatch(text):
        value = _from_hex(plain)
    else:
        raise ValueError(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _from_hex(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        raise ValueError(text) from None


def json_value(text: str) -> Any:
    """Strict JSON: no NaN, no infinity, no lone surrogates, and no excessive nesting."""
    try:
        value = json.loads(text, parse_constant=_reject_constant, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except (RecursionError, UnicodeEncodeError):
        raise ValueError(text) from None
    return value


def _reject_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value
