"""Codes and templates as closures: bindings in, JSON out; an error has the code, and whether to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contracts import cel
from contracts.cel.values.cel_values import type_name
from contracts.compiler import Code, Part, Path

Bindings = Mapping[str, object]
Value = Callable[[Bindings], Any]
_PLAIN = frozenset((str, int, bool, type(None)))


class Unresolved(Exception):
    """A code has no value now; ``pending``: it may have one later, else it never will (kro §3.7)."""

    def __init__(self, code: Code, error: cel.CelError) -> None:
        super().__init__(error.message)
        self.code = code
        self.pending = error.pending
        self.missing = error.path
        self.message = error.message

    @property
    def reason(self) -> str:
        """The explanation; never contains a value of the input."""
        if self.pending and self.missing.startswith("schema.spec."):
            return f"“{self.missing.removeprefix('schema.')}” is not set in this instance"
        if self.pending and self.missing:
            return f"“{self.missing}” is not known yet"
        return f"“{self.code.source}” cannot be evaluated: {self.message}"


def evaluator(code: Code) -> Value:
    """The JSON value of a code; ``cel.OMIT`` leaves the field out. Raises :class:`Unresolved`."""
    run = raw(code)

    def value(bindings: Bindings) -> Any:
        found = run(bindings)
        if type(found) in _PLAIN:
            return found
        try:
            return cel.to_json(found)
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
        strings = []
        for piece in pieces:
            if isinstance(piece, str):
                strings.append(piece)
                continue
            try:
                value = piece.evaluate(bindings)
            except cel.CelError as error:
                raise Unresolved(code, error) from None
            if not isinstance(value, str):
                actual = f"“{piece.source.strip()}” is {type_name(value)}"
                message = f"only a string can be part of a string, but {actual}"
                raise Unresolved(code, cel.CelError(message))
            strings.append(value)
        return "".join(strings)

    return joined


def template_builder(template: Mapping[str, Any], codes: Mapping[Path, Value]) -> Value:
    """A function that returns a new manifest. ``codes`` are the values at their paths in the template."""
    dynamic = {path[:length] for path in codes for length in range(len(path) + 1)}
    return _builder(template, codes, dynamic, ())


def _builder(value: Any, codes: Mapping[Path, Value], dynamic: set[Path], path: Path) -> Value:
    """``dynamic`` are the paths of computed values and of all their parents."""
    if path in codes:
        return codes[path]
    if path not in dynamic:
        return _copier(_as_json(value))
    parts = value.items() if isinstance(value, Mapping) else enumerate(value)
    fixed: dict[Any, Any] = {}
    computed: list[tuple[Any, Value]] = []
    for key, child in parts:
        if (*path, key) in dynamic or isinstance(child, Mapping | list):
            fixed[key] = None
            computed.append((key, _builder(child, codes, dynamic, (*path, key))))
        else:
            fixed[key] = _as_json(child)
    if isinstance(value, Mapping):
        return _map_builder(fixed, tuple(computed))
    return _list_builder(list(fixed.values()), tuple(computed))


def _as_json(value: Any) -> Any:
    """Literals as the API server reads them: a float without a fraction is an integer."""
    if isinstance(value, Mapping):
        return {key: _as_json(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_as_json(child) for child in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _copier(value: Any) -> Value:
    """A new copy every time, in one step where nothing is nested."""
    if isinstance(value, dict):
        nested = [(key, _copier(child)) for key, child in value.items() if isinstance(child, dict | list)]
        return _map_builder(value, tuple(nested))
    if isinstance(value, list):
        deep = [
            (index, _copier(child)) for index, child in enumerate(value) if isinstance(child, dict | list)
        ]
        return _list_builder(value, tuple(deep))
    return lambda bindings: value


def _map_builder(fixed: Mapping[str, Any], computed: tuple[tuple[str, Value], ...]) -> Value:
    def build(bindings: Bindings) -> dict[str, Any]:
        result = dict(fixed)
        for key, value in computed:
            found = value(bindings)
            if found is cel.OMIT:
                del result[key]
            else:
                result[key] = found
        return result

    return build


def _list_builder(fixed: list[Any], computed: tuple[tuple[int, Value], ...]) -> Value:
    def build(bindings: Bindings) -> list[Any]:
        result = list(fixed)
        omitted = False
        for index, value in computed:
            found = result[index] = value(bindings)
            omitted = omitted or found is cel.OMIT
        return [item for item in result if item is not cel.OMIT] if omitted else result

    return build
