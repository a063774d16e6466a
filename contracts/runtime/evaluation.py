"""Codes and templates as closures: bindings in, JSON out; a failure says which code, and whether to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contracts import cel
from contracts.compiler import Code, Part, Path

Bindings = Mapping[str, object]
Value = Callable[[Bindings], Any]


class Unresolved(Exception):  # noqa: N818
    """A code has no value now; ``pending``: it may have one later, else asking again is no use (kro §3.7)."""

    def __init__(self, code: Code, error: cel.CelError) -> None:
        super().__init__(error.message)
        self.code = code
        self.pending = error.pending
        self.missing = error.path
        self.message = error.message

    @property
    def reason(self) -> str:
        """Why, in words; never with a value of the input."""
        if self.pending and self.missing:
            return f"“{self.missing}” is not known yet"
        return f"“{self.code.source}” cannot be evaluated: {self.message}"


def evaluator(code: Code) -> Value:
    """The JSON value of a code; ``cel.OMIT`` leaves the field out. Raises :class:`Unresolved`."""
    run = raw(code)

    def value(bindings: Bindings) -> Any:
        try:
            return cel.to_json(run(bindings))
        except cel.CelError as error:
            raise Unresolved(code, error) from None

    return value


def raw(code: Code) -> Value:
    """The CEL value of a code, before it becomes JSON. Raises :class:`Unresolved`."""
    if code.standalone:
        only = code.expressions[0].expression

        def one(bindings: Bindings) -> Any:
            try:
                return only.evaluate(bindings)
            except cel.CelError as error:
                raise Unresolved(code, error) from None

        return one
    pieces = [part.expression if isinstance(part, Part) else part for part in code.parts]

    def joined(bindings: Bindings) -> Any:
        texts = []
        for piece in pieces:
            if isinstance(piece, str):
                texts.append(piece)
                continue
            try:
                value = piece.evaluate(bindings)
            except cel.CelError as error:
                raise Unresolved(code, error) from None
            if not isinstance(value, str):
                kind = type(value).__name__
                raise Unresolved(code, cel.CelError(f"only a string can stand inside a text, not {kind}"))
            texts.append(value)
        return "".join(texts)

    return joined


def template_builder(template: Mapping[str, Any], codes: Mapping[Path, Value]) -> Value:
    """A function that gives a fresh manifest. ``codes`` are the values at their paths in the template."""
    return _builder(template, codes, ())


def _builder(value: Any, codes: Mapping[Path, Value], path: Path) -> Value:
    if path in codes:
        return codes[path]
    if isinstance(value, Mapping):
        return _map_builder({key: _builder(child, codes, (*path, key)) for key, child in value.items()})
    if isinstance(value, list):
        return _list_builder([_builder(child, codes, (*path, index)) for index, child in enumerate(value)])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return lambda bindings: value


def _map_builder(fields: Mapping[str, Value]) -> Value:
    items = tuple(fields.items())

    def build(bindings: Bindings) -> dict[str, Any]:
        made = {key: value(bindings) for key, value in items}
        if cel.OMIT in made.values():
            return {key: value for key, value in made.items() if value is not cel.OMIT}
        return made

    return build


def _list_builder(items: list[Value]) -> Value:
    def build(bindings: Bindings) -> list[Any]:
        made = [item(bindings) for item in items]
        return [value for value in made if value is not cel.OMIT]

    return build
