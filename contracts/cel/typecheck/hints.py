"""Messages of type problems, and hints how to fix them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from contracts.cel.environment import Environment
from contracts.cel.functions import FUNCTIONS, METHODS, Function
from contracts.cel.types.cel_types import (
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NULL,
    NUMBERS,
    STRING,
    ListType,
    StructType,
    Type,
)

GATE_MESSAGES = {
    "omit": (
        "omit() requires the CELOmitFunction feature gate to be enabled, and works only in templates.",
        "Use “.?field.orValue(…)” for a default.",
    ),
    "conditions": ("The runtime functions are only available in status.conditions expressions.", ""),
    "extras": ("kro does not provide the math and sets libraries.", ""),
}


def closest(word: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    same = {name.lower(): name for name in names}
    if word.lower() in same:
        return same[word.lower()]
    return next(iter(get_close_matches(word, names, n=1, cutoff=0.6)), "")


def suggest_name(word: str, known: Iterable[str]) -> str:
    """“Did you mean …?”, or the list of known names if it is short."""
    names = sorted(set(known))
    match = closest(word, names)
    if match:
        return f"Did you mean “{match}”?"
    if 0 < len(names) <= 8:
        return f"Available: {', '.join(names)}."
    return ""


def suggest_function(name: str, table: Mapping[str, Function], environment: Environment) -> str:
    other = METHODS if table is FUNCTIONS else FUNCTIONS
    if name in other and environment.provides(other[name]):
        return f"Write x.{name}(…)." if other is METHODS else f"Write {name}(x)."
    provided = [known for known, function in table.items() if environment.provides(function)]
    match = closest(name, provided)
    return f"Did you mean “{match}”?" if match else ""


def gated_function(name: str) -> tuple[str, str]:
    """Message and hint for a function that the environment does not provide."""
    function = FUNCTIONS.get(name)
    return GATE_MESSAGES[function.feature if function and function.feature else "conditions"]


def no_operator(operator: str, kinds: Sequence[Type]) -> str:
    if operator == "_[_]":
        return f"A value of type {kinds[0]} cannot be indexed with {kinds[1]}."
    sign = operator.strip("_")
    if len(kinds) == 1:
        return f"“{sign}” is not defined for {kinds[0]}."
    return f"“{sign}” is not defined for {kinds[0]} and {kinds[1]}."


def suggest_for_operator(operator: str, kinds: Sequence[Type]) -> str:
    """The usual fix for operands of these types."""
    if operator == "_[_]":
        return "Select the field with a dot." if isinstance(kinds[0], StructType) else ""
    if len(kinds) != 2:
        return ""
    if NULL in kinds:
        return "Only objects can be null; use has(…) to test whether a value is present."
    if operator == "_+_" and STRING in kinds:
        other = kinds[1] if kinds[0] == STRING else kinds[0]
        if other in NUMBERS or other in (BYTES,) or other.name in ("bool", "timestamp", "duration"):
            return f"Wrap the {other} in string(…)."
    if set(kinds) == {INT, DOUBLE}:
        return "Write the number with a fraction (2.0), or convert with double(…) or int(…)."
    if set(kinds) <= NUMBERS:
        return "Convert one side so that both have the same type."
    if set(kinds) == {STRING, BYTES}:
        return "Convert the bytes with string(…)."
    if operator in ("_==_", "_!=_") and DYN not in kinds:
        return "Both sides must have the same type."
    return ""


def no_overload(name: str, kinds: Sequence[Type], member: bool) -> str:
    if member:
        args = ", ".join(map(str, kinds[1:]))
        return f"No overload matches {kinds[0]}.{name}({args})."
    return f"No overload matches {name}({', '.join(map(str, kinds))})."


def list_overloads(function: Function, member: bool) -> str:
    """The overloads of the function; the first four if there are many."""
    forms = []
    for overload in function.overloads:
        params = list(map(str, overload.params))
        prefix = f"{params.pop(0)}." if member else ""
        forms.append(f"{prefix}{function.name}({', '.join(params)})")
    return f"Available: {', '.join(forms[:4])}{' …' if len(forms) > 4 else ''}."


def suggest_for_iteration(kind: Type) -> str:
    if isinstance(kind, StructType):
        return "Wrap it in dyn(…) to iterate over its keys."
    return ""


def suggest_for_field(kind: Type) -> str:
    if isinstance(kind, ListType):
        return "It is a list: select an element with [0], or iterate with map(x, …)."
    return ""
