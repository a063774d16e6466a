"""Values of literals: numbers within range, strings and bytes with escape sequences."""

from __future__ import annotations

import re

from contracts.cel.values.cel_values import INT_MAX, INT_MIN, UINT_MAX, UInt

ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\'\"`?])|[xX](?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<bad>.?))",
    re.DOTALL,
)
MAX_DIGITS = 1000
"""Python refuses to parse longer numbers, with a message of its own."""
CONTROL = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


def integer(text: str) -> int:
    """A 64-bit signed integer. Raises ValueError with a message for the author if it does not fit."""
    number = int(text, 16 if "x" in text else 10) if len(text) <= MAX_DIGITS else INT_MAX + 1
    if not INT_MIN <= number <= INT_MAX:
        raise ValueError("This integer does not fit into 64 bits.")
    return number


def unsigned(text: str) -> UInt:
    number = int(text[:-1], 16 if "x" in text else 10) if len(text) <= MAX_DIGITS else UINT_MAX + 1
    if not 0 <= number <= UINT_MAX:
        raise ValueError("This unsigned integer does not fit into 64 bits.")
    return UInt(number)


def string(text: str) -> str:
    """The value of a string literal of any form: single, double, triple, raw."""
    raw, body = _unquote(text)
    if raw:
        return body

    def replace(match: re.Match[str]) -> str:
        return chr(_code_point(match))

    return ESCAPE.sub(replace, body)


def byte_string(text: str) -> bytes:
    r"""The bytes of a ``b'…'`` literal: ``\x`` and octal escapes are bytes, everything else is UTF-8."""
    raw, body = _unquote(text[1:])
    if raw:
        return body.encode()
    parts: list[bytes] = []
    position = 0
    for match in ESCAPE.finditer(body):
        parts.append(body[position : match.start()].encode())
        if match["short"] or match["long"]:
            raise ValueError("Unicode escapes are not allowed in bytes.")
        parts.append(bytes([_code_point(match)]))
        position = match.end()
    parts.append(body[position:].encode())
    return b"".join(parts)


def _unquote(text: str) -> tuple[bool, str]:
    raw = text[0] in "rR"
    text = text[1:] if raw else text
    width = 3 if len(text) >= 6 and text[:3] in ('"""', "'''") else 1
    return raw, text[width:-width]


def _code_point(match: re.Match[str]) -> int:
    if match["bad"] is not None:
        raise ValueError(f"Invalid escape sequence “\\{match['bad']}”; write “\\\\” for a backslash.")
    if match["simple"]:
        return ord(CONTROL.get(match["simple"], match["simple"]))
    if match["octal"]:
        return int(match["octal"], 8)
    number = int(match["hex"] or match["short"] or match["long"], 16)
    if 0xD800 <= number < 0xE000 or number > 0x10FFFF:
        raise ValueError("This escape sequence is not a Unicode character.")
    return number
