"""Kubernetes' quantities: ``100m``, ``1.5Gi``, ``2e3``. Exact at any size."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import total_ordering
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.values.cel_values import INT_MAX, INT_MIN, Opaque

TEXT = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))"
    r"(?:(?P<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?P<exponent>[+-]?[0-9]{1,4}))?"
)
BINARY = {f"{letter}i": 1 << 10 * (number + 1) for number, letter in enumerate("KMGTPE")}
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
MAX_LENGTH = 256
MAX_EXPONENT = 64
SMALLEST = Fraction(1, 10**9)


@total_ordering
class Quantity(Opaque):
    """An exact number. Quantities are equal regardless of their notation."""

    __slots__ = ("number",)
    cel_type = "kubernetes.Quantity"

    def __init__(self, number: Fraction) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.number == other.number

    def __lt__(self, other: Quantity) -> bool:
        return self.number < other.number

    def __hash__(self) -> int:
        return hash(("quantity", self.number))


def parse_quantity(text: str) -> Quantity | None:
    """None for an invalid quantity. More than nine decimal places are rounded away from zero."""
    match = TEXT.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        return None
    suffix = match["suffix"] or ""
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > MAX_EXPONENT:
        return None
    digits = match["number"]
    number = Fraction(digits + "0" if digits.endswith(".") else digits)
    if suffix in BINARY:
        number *= BINARY[suffix]
    else:
        number *= Fraction(10) ** (exponent + DECIMAL[suffix])
    return Quantity(_rounded(number))


def _rounded(number: Fraction) -> Fraction:
    billionths = number / SMALLEST
    if billionths.denominator == 1:
        return number
    rounded = abs(billionths.numerator) // billionths.denominator + 1
    return SMALLEST * (rounded if number > 0 else -rounded)


@function("quantity(string): kubernetes.Quantity")
def quantity(text: str) -> Quantity:
    found = parse_quantity(text)
    if found is None:
        raise CelError("quantity(): the string is not a quantity")
    return found


@function("isQuantity(string): bool")
def is_quantity(text: str) -> bool:
    return parse_quantity(text) is not None


def _is_int(value: Quantity) -> bool:
    return value.number.denominator == 1 and INT_MIN <= value.number <= INT_MAX


@method("kubernetes.Quantity.isInteger(): bool")
def is_integer(value: Quantity) -> bool:
    return _is_int(value)


@method("kubernetes.Quantity.asInteger(): int")
def as_integer(value: Quantity) -> int:
    if not _is_int(value):
        raise CelError("asInteger(): the quantity is not a 64-bit integer")
    return int(value.number)


@method("kubernetes.Quantity.asApproximateFloat(): double")
def as_approximate_float(value: Quantity) -> float:
    return float(value.number)


@function("sign(kubernetes.Quantity): int")
def sign(value: Quantity) -> int:
    return (value.number > 0) - (value.number < 0)


@method("kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity")
@method("kubernetes.Quantity.add(int): kubernetes.Quantity")
def add(value: Quantity, other: Any) -> Quantity:
    return Quantity(value.number + (other.number if isinstance(other, Quantity) else other))


@method("kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity")
@method("kubernetes.Quantity.sub(int): kubernetes.Quantity")
def sub(value: Quantity, other: Any) -> Quantity:
    return Quantity(value.number - (other.number if isinstance(other, Quantity) else other))


@method("kubernetes.Quantity.compareTo(kubernetes.Quantity): int")
def compare_to(value: Quantity, other: Quantity) -> int:
    return (value > other) - (value < other)


@method("kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool")
def is_greater_than(value: Quantity, other: Quantity) -> bool:
    return value > other


@method("kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool")
def is_less_than(value: Quantity, other: Quantity) -> bool:
    return value < other
