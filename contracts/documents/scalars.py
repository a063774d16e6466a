"""What a plain YAML scalar means to kubectl and the API server (YAML 1.1 in Go's reading, kro §12.1).

PyYAML's own resolver differs: it reads ``y`` and ``1e3`` as strings and ``1:30`` as 90.
"""

from __future__ import annotations

import math
import re

from portal.input_limits import LIMITS

Scalar = str | int | float | bool | None

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_ALSO_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
_ALSO_FALSE = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}
_INTEGER = re.compile(r"([-+]?)(?:0b([01]+)|0o?([0-7]+)|0x([0-9a-fA-F]+)|(0|[1-9][0-9]*))\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_LARGEST = 2**64


def resolve(text: str) -> tuple[Scalar, str]:
    """The value of an unquoted scalar, and an explanation when the value may be a surprise (else empty)."""
    if text in _NULLS:
        return None, ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE, ""
    if text in _ALSO_TRUE or text in _ALSO_FALSE:
        value = text in _ALSO_TRUE
        return value, f"Kubernetes reads “{text}” as {str(value).lower()}."
    if not (text[0].isdigit() or text[0] in "+-."):
        return text, ""
    return _number(text)


def _number(text: str) -> tuple[Scalar, str]:
    if text.lower() in _SPECIAL:
        return _SPECIAL[text.lower()], ""
    digits = text.replace("_", "")
    match = _INTEGER.match(digits)
    if len(digits) > LIMITS.digits and (match or _FLOAT.match(digits)):
        return math.inf, ""  # too long to convert
    if match:
        sign, binary, octal, hexadecimal, decimal = match.groups()
        for base, part in ((2, binary), (8, octal), (16, hexadecimal), (10, decimal)):
            if part is not None:
                value = int(part, base) * (-1 if sign == "-" else 1)
                surprise = (
                    f"Kubernetes reads “{text}” as the number {value}." if base != 10 or "_" in text else ""
                )
                return (value if abs(value) < _LARGEST else _as_float(value)), surprise
    if _FLOAT.match(digits):
        return float(digits), ""
    return text, ""


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def is_too_large(text: str, value: Scalar) -> bool:
    """Whether ``text``, resolved to ``value``, is a number too large for any type. ``.inf`` is not."""
    return isinstance(value, float) and math.isinf(value) and text.lower() not in _SPECIAL


def key_text(value: Scalar) -> str:
    """The JSON key of a resolved YAML key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
