"""Closures for selections, the most common operation of expressions.

The fast path follows plain dicts. If it fails, the chain is evaluated again by the general rules, which raise
the correct error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.evaluate.calls import Frame, Run
from contracts.cel.syntax.escapes import unescape
from contracts.cel.values import operators

MISSING = (KeyError, TypeError, IndexError)


def undeclared(name: str, start: int) -> CelError:
    return CelError(f"no such attribute: {name}", pending=True, path=name, offset=start)


def walk_path(value: Any, names: tuple[str, ...], label: str, start: int) -> Any:
    """Selects name by name by the general rules. The path of an error leads to the missing value."""
    for number, name in enumerate(names):
        try:
            value = _select(value, name)
        except CelError as error:
            error.path = ".".join((label, *names[: number + 1])) if label else ""
            raise error.at(start) from None
    return value


def _select(value: Any, name: str) -> Any:
    unescaped = unescape(name)
    if unescaped != name and isinstance(value, dict) and name not in value and unescaped in value:
        return value[unescaped]
    field: Callable[[str], Any] | None = getattr(value, "cel_field", None)
    return field(name) if field else operators.select(value, name)


def variable_path(root: str, names: tuple[str, ...], start: int, constant: Any) -> Run:
    """``schema.spec.name`` in one step. ``constant`` is the value if ``root`` is not bound."""

    def slow(frame: Frame) -> Any:
        bindings = frame[0]
        if root in bindings:
            return walk_path(bindings[root], names, root, start)
        if constant is not None:
            return constant
        raise undeclared(root, start)

    if len(names) == 1:
        return _one_field(root, names[0], slow)
    if len(names) == 2:
        return _two_fields(root, names[0], names[1], slow)
    return _many_fields(root, names, slow)


def _one_field(root: str, name: str, slow: Run) -> Run:
    def run(frame: Frame) -> Any:
        try:
            return frame[0][root][name]
        except MISSING:
            return slow(frame)

    return run


def _two_fields(root: str, first: str, second: str, slow: Run) -> Run:
    def run(frame: Frame) -> Any:
        try:
            return frame[0][root][first][second]
        except MISSING:
            return slow(frame)

    return run


def _many_fields(root: str, names: tuple[str, ...], slow: Run) -> Run:
    def run(frame: Frame) -> Any:
        try:
            value = frame[0][root]
            for name in names:
                value = value[name]
            return value
        except MISSING:
            return slow(frame)

    return run


def local_field(slot: int, name: str, label: str, start: int) -> Run:
    """``p.port`` inside a macro, the most common expression in the bodies of macros."""

    def run(frame: Frame) -> Any:
        value = frame[slot]
        if isinstance(value, dict) and name in value:
            return value[name]
        return walk_path(value, (name,), label, start)

    return run


def value_path(root: Run, names: tuple[str, ...], label: str, start: int) -> Run:
    if len(names) == 1:
        (only,) = names

        def one(frame: Frame) -> Any:
            value = root(frame)
            if isinstance(value, dict) and only in value:
                return value[only]
            return walk_path(value, names, label, start)

        return one

    def many(frame: Frame) -> Any:
        value = root(frame)
        found = value
        try:
            for name in names:
                found = found[name]
            return found
        except MISSING:
            return walk_path(value, names, label, start)

    return many


def dotted_variable(root: str, names: tuple[str, ...], start: int, otherwise: Run) -> Run:
    """A variable may be named ``a.b``; the longest bound name wins."""
    candidates = [(".".join((root, *names[:count])), names[count:]) for count in range(len(names), 0, -1)]

    def run(frame: Frame) -> Any:
        for name, rest in candidates:
            if name in frame[0]:
                return walk_path(frame[0][name], rest, name, start)
        return otherwise(frame)

    return run
