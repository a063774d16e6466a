"""The registry of functions: one table that the checker reads and the evaluator calls.

A library module decorates an implementation with ``@function("lists.range(int): list(int)")`` or
``@method("list(T).first(): optional(T)")``. The Python classes of the arguments select the overload; each
combination is resolved once. An implementation whose first parameter is called ``budget`` receives the
budget of the evaluation, and charges it for work that grows with the input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from contracts.cel.types.cel_types import Type, accepts
from contracts.cel.types.signatures import function_signature, method_signature
from contracts.cel.values.cel_values import no_overload

Implementation = Callable[..., Any]
F = TypeVar("F", bound=Implementation)


@dataclass(frozen=True, slots=True)
class Overload:
    params: tuple[Type, ...]
    result: Type
    implementation: Implementation


@dataclass(slots=True)
class Function:
    """All overloads of one name, either with or without a receiver.

    ``feature`` is empty if every expression may call the function; see Environment for the others.
    """

    name: str
    feature: str
    overloads: list[Overload] = field(default_factory=list)
    resolved_by_classes: dict[tuple[type, ...], Implementation | None] = field(default_factory=dict)

    def implementation(self, classes: tuple[type, ...]) -> Implementation | None:
        """The implementation for arguments of these classes, called as ``(budget, *arguments)``.

        None if no overload matches.
        """
        try:
            return self.resolved_by_classes[classes]
        except KeyError:
            if len(self.resolved_by_classes) > 4096:
                self.resolved_by_classes.clear()
            found = self.resolved_by_classes[classes] = self._resolve(classes)
            return found

    def _resolve(self, classes: tuple[type, ...]) -> Implementation | None:
        for overload in self.overloads:
            if len(overload.params) == len(classes) and all(map(accepts, overload.params, classes)):
                return overload.implementation
        return None

    def call(self, budget: Any, *args: Any) -> Any:
        found = self.implementation(tuple(map(type, args)))
        if found is None:
            raise no_overload(self.name, *args)
        return found(budget, *args)


FUNCTIONS: dict[str, Function] = {}
METHODS: dict[str, Function] = {}


def function(*signatures: str, feature: str = "") -> Callable[[F], F]:
    """Register an implementation under one or more signatures without a receiver."""

    def register(implementation: F) -> F:
        for signature in signatures:
            name, params, result = function_signature(signature)
            _add(FUNCTIONS, name, feature, Overload(params, result, _with_budget(implementation)))
        return implementation

    return register


def method(*signatures: str, feature: str = "") -> Callable[[F], F]:
    """Register an implementation under one or more signatures with a receiver."""

    def register(implementation: F) -> F:
        for signature in signatures:
            name, params, result = method_signature(signature)
            _add(METHODS, name, feature, Overload(params, result, _with_budget(implementation)))
        return implementation

    return register


def _add(table: dict[str, Function], name: str, feature: str, overload: Overload) -> None:
    table.setdefault(name, Function(name, feature)).overloads.append(overload)


def _with_budget(implementation: Implementation) -> Implementation:
    code = implementation.__code__
    if code.co_argcount and code.co_varnames[0] == "budget":
        return implementation
    if code.co_argcount == 1 and not code.co_flags & 0x04 and not implementation.__defaults__:
        return lambda budget, one: implementation(one)
    if code.co_argcount == 2 and not code.co_flags & 0x04 and not implementation.__defaults__:
        return lambda budget, one, two: implementation(one, two)
    return lambda budget, *args: implementation(*args)
