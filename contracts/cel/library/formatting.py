"""cel-go's ``string.format(list)``: %s %d %f %e %b %o %x %X and %%."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import method
from contracts.cel.library.conversions import positional, shortest_digits, string_of_double
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import Duration, Timestamp, TypeValue, UInt, type_name
from contracts.cel.values.times import format_duration_seconds, format_timestamp

CLAUSE = re.compile(r"%(?:(?P<percent>%)|(?:\.(?P<precision>[0-9]{1,9}))?(?P<verb>.?))", re.DOTALL)
MAX_DIGITS = 1000


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
    """The verbs of a format string without ``%%``, such as ``["s", "d"]``; unknown ones included."""
    return [clause["verb"] for clause in CLAUSE.finditer(text) if not clause["percent"]]


def _precision(clause: re.Match[str]) -> int:
    precision = int(clause["precision"] or 6)
    if precision > MAX_DIGITS:
        raise CelError("format() writes at most 1000 digits")
    return precision


def _unsupported(verb: str, value: Any) -> CelError:
    return CelError(f"format(): %{verb} does not accept a value of type {type_name(value)}")


def _text(budget: Budget, value: Any, precision: int = 0) -> str:
    """%s, which accepts all common types; map entries are sorted."""
    if isinstance(value, str):
        return value
    budget.produce(8)
    if isinstance(value, (list, dict)):
        budget.produce(16)
        return _list(budget, value) if isinstance(value, list) else _map(budget, value)
    return _scalar(value)


def _list(budget: Budget, values: list[Any]) -> str:
    return "[" + ", ".join(_text(budget, item) for item in values) + "]"


def _map(budget: Budget, values: dict[Any, Any]) -> str:
    entries = sorted((_text(budget, key), _text(budget, item)) for key, item in values.items())
    return "{" + ", ".join(f"{key}: {item}" for key, item in entries) + "}"


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(int(value))
        case float():
            return _infinity(value) or string_of_double(value)
        case bytes():
            return value.decode(errors="replace")
        case Timestamp():
            return format_timestamp(Timestamp(value.ns))
        case Duration():
            return format_duration_seconds(value)
        case TypeValue():
            return value.name
    raise _unsupported("s", value)


def _infinity(value: float) -> str:
    if math.isfinite(value):
        return ""
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _decimal(budget: Budget, value: Any, precision: int) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return _infinity(value) or ("-" if value < 0 else "") + positional(*shortest_digits(value))
    raise _unsupported("d", value)


def _real(verb: str) -> Callable[[Budget, Any, int], str]:
    def render(budget: Budget, value: Any, precision: int) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _unsupported(verb, value)
        return _infinity(float(value)) or f"{float(value):.{precision}{verb}}"

    return render


def _integer(verb: str) -> Callable[[Budget, Any, int], str]:
    def render(budget: Budget, value: Any, precision: int) -> str:
        if not isinstance(value, int) or (isinstance(value, bool) and verb != "b"):
            raise _unsupported(verb, value)
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
            raise _unsupported(verb, value)
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
