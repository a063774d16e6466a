"""Quantities such as 100m, 1.5Gi or 1e3, and the canonical form of apimachinery that the server stores."""

from __future__ import annotations

import re
from fractions import Fraction

PATTERN = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?")
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
SUFFIX = {power: suffix for suffix, power in DECIMAL.items()}
BINARY_SUFFIX = {power: suffix for suffix, power in BINARY.items()} | {0: ""}

MESSAGE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def parse(text: str) -> Fraction | None:
    """The amount, or None for a string that is not a quantity."""
    match = PATTERN.fullmatch(text)
    if match is None:
        return None
    sign, number, suffix = match[1], match[2], match[3] or ""
    amount = Fraction(number.rstrip(".") if number != "." else "0")
    if suffix in BINARY:
        amount *= 1024 ** BINARY[suffix]
    elif suffix in DECIMAL:
        amount *= Fraction(10) ** DECIMAL[suffix]
    else:
        amount *= Fraction(10) ** int(suffix[1:])
    return -amount if sign == "-" else amount


def canonical(value: str | int | float) -> str | None:
    """The canonical form, or None for a value that is not a quantity."""
    text = str(value)
    amount = parse(text)
    if amount is None:
        return None
    suffix = (PATTERN.fullmatch(text) or [""] * 4)[3] or ""
    if amount == 0:
        return "0"
    if suffix in BINARY and amount.denominator == 1 and abs(amount) >= 1024:
        return _binary(int(amount))
    if suffix[:1] in "eE" and len(suffix) > 1:
        return _exponent(amount)
    return _decimal(amount)


def _binary(amount: int) -> str:
    power = 0
    while amount % 1024 == 0 and power < 6:
        amount //= 1024
        power += 1
    return f"{amount}{BINARY_SUFFIX[power]}"


def _shift(amount: Fraction) -> tuple[int, int]:
    """Mantissa and power of ten, a multiple of three; fractions of a nano are rounded up."""
    nano = amount * 10**9
    mantissa = -(-nano.numerator // nano.denominator)
    power = -9
    while mantissa % 1000 == 0 and power < 18:
        mantissa //= 1000
        power += 3
    return mantissa, power


def _decimal(amount: Fraction) -> str:
    mantissa, power = _shift(amount)
    return f"{mantissa}{SUFFIX[power]}"


def _exponent(amount: Fraction) -> str:
    mantissa, power = _shift(amount)
    return f"{mantissa}e{power}" if power else str(mantissa)
