"""cel-go's ``text.format(list)``: %s %d %f %e %b %o %x %X and %%."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import method
from contracts.cel.library.conversions import positional, shortest, string_of_double
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import Duration, Timestamp, TypeValue, UInt, type_name
from contracts.cel.values.times import duration_seconds_text, timestamp_text

CLAUSE = re.compile(r"%(?:(?P<percent>%)|(?:\.(?P<precision>[0-9]{1,9}))?(?P<verb>.?))", re.DOTALL)
MOST_DIGITS = 1000


@method("string.format(list(dyn)): string")
def format_text(budget: Budget, text: str, args: list[Any]) -> str:
    parts: list[str] = []
    position = used = 0
    for clause in CLAUSE.finditer(text):
        parts.append(text[position : clause.start()])
        position = clause.end()
        if clause["percent"]:
            parts.append("%")
            continue
        render = VERBS.get(clause["verb"])
        if render is None:
            raise CelError("format() does not support this clause")
        if used >= len(args):
            raise CelError("format() has more clauses than values: index out of range")
        parts.append(render(budget, args[used], _precision(clause)))
        used += 1
    parts.append(text[position:])
    budget.produce(sum(map(len, parts)))
    return "".join(parts)


def clauses(text: str) -> list[str]:
    """What each clause of a text asks for, ``%%`` left out: ``["s", "d"]``; unknown ones as they stand."""
    return [clause["verb"] for clause in CLAUSE.finditer(text) if not clause["percent"]]


def _precision(clause: re.Match[str]) -> int:
    precision = int(clause["precision"] or 6)
    if precision > MOST_DIGITS:
        raise CelError("format() writes at most 1000 digits")
    return precision


def _refused(verb: str, value: Any) -> CelError:
    return CelError(f"format(): %{verb} does not accept a value of type {type_name(value)}")


def _text(budget: Budget, value: Any, precision: int = 0) -> str:
    """%s, which takes everything; map entries are sorted."""
    if isinstance(value, str):
        return value
    budget.produce(8)
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _infinity(value) or string_of_double(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (list, dict)):
        budget.produce(16)
    if isinstance(value, list):
        return "[" + ", ".join(_text(budget, item) for item in value) + "]"
    if isinstance(value, dict):
        entries = sorted((_text(budget, key), _text(budget, item)) for key, item in value.items())
        return "{" + ", ".join(f"{key}: {item}" for key, item in entries) + "}"
    if isinstance(value, Timestamp):
        return timestamp_text(Timestamp(value.ns))
    if isinstance(value, Duration):
        return duration_seconds_text(value)
    if isinstance(value, TypeValue):
        return value.name
    raise _refused("s", value)


def _infinity(value: float) -> str:
    if math.isfinite(value):
        return ""
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _decimal(budget: Budget, value: Any, precision: int) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return _infinity(value) or ("-" if value < 0 else "") + positional(*shortest(value))
    raise _refused("d", value)


def _real(verb: str) -> Callable[[Budget, Any, int], str]:
    def render(budget: Budget, value: Any, precision: int) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _refused(verb, value)
        return _infinity(float(value)) or f"{float(value):.{precision}{verb}}"

    return render


def _integer(verb: str) -> Callable[[Budget, Any, int], str]:
    def render(budget: Budget, value: Any, precision: int) -> str:
        if not isinstance(value, int) or (isinstance(value, bool) and verb != "b"):
            raise _refused(verb, value)
        return format(int(value), verb)

    return render


def _hexadecimal(verb: str) -> Callable[[Budget, Any, int], str]:
    def render(budget: Budget, value: Any, precision: int) -> str:
        if isinstance(value, str):
            value = value.encode()
        if isinstance(value, bytes):
            budget.produce(2 * len(value))
            return value.hex().upper() if verb == "X" else value.hex()
        if isinstance(value, bool) or not isinstance(value, (int, UInt)):
            raise _refused(verb, value)
        return format(int(value), verb)

    return render


VERBS: dict[str, Callable[[Budget, Any, int], str]] = {
    "s": _text,
    "d": _decimal,
    "f": _real("f"),
    "e": _real("e"),
    "b": _integer("b"),
    "o": _integer("o"),
    "x": _hexadecimal("x"),
    "X": _hexadecimal("X"),
}
