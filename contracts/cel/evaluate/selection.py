"""Closures for selections: most of what expressions do is follow a chain of names.

The quick way takes plain dicts; what it stumbles over is walked again by all the rules, for the right error.
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
    """Select one name after the other by all the rules; an error says which chain led to the gap."""
    for number, name in enumerate(names):
        try:
            value = _select(value, name)
        except CelError as error:
            error.path = ".".join((label, *names[: number + 1])) if label else ""
            raise error.at(start) from None
    return value


def _select(value: Any, name: str) -> Any:
    plain = unescape(name)
    if plain != name and isinstance(value, dict) and name not in value and plain in value:
        return value[plain]
    field: Callable[[str], Any] | None = getattr(value, "cel_field", None)
    return field(name) if field else operators.select(value, name)


def variable_path(root: str, names: tuple[str, ...], start: int, constant: Any) -> Run:
    """``schema.spec.name`` in one step, since this is most of what expressions do."""

    def slow(frame: Frame) -> Any:
        bindings = frame[0]
        if root in bindings:
            return walk_path(bindings[root], names, root, start)
        if constant is not None:
            return constant
        raise undeclared(root, start)

    if len(names) == 1:
        (only,) = names

        def one(frame: Frame) -> Any:
            try:
                return frame[0][root][only]
            except MISSING:
                return slow(frame)

        return one
    if len(names) == 2:
        first, second = names

        def two(frame: Frame) -> Any:
            try:
                return frame[0][root][first][second]
            except MISSING:
                return slow(frame)

        return two

    def many(frame: Frame) -> Any:
        try:
            value = frame[0][root]
            for name in names:
                value = value[name]
            return value
        except MISSING:
            return slow(frame)

    return many


def local_field(place: int, name: str, label: str, start: int) -> Run:
    """``p.port`` inside a macro, which is most of what the bodies of macros do."""

    def run(frame: Frame) -> Any:
        value = frame[place]
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
    """A variable may be called ``a.b``; the longest name that is bound wins."""
    candidates = [(".".join((root, *names[:count])), names[count:]) for count in range(len(names), 0, -1)]

    def run(frame: Frame) -> Any:
        for name, rest in candidates:
            if name in frame[0]:
                return walk_path(frame[0][name], rest, name, start)
        return otherwise(frame)

    return run
