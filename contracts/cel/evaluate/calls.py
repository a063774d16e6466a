"""Closures for operators and calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.cel.environment import Environment
from contracts.cel.errors import CelError, LimitExceeded
from contracts.cel.functions import FUNCTIONS, METHODS, Function
from contracts.cel.values import operators
from contracts.cel.values.cel_values import INT_MAX, INT_MIN, OptionalValue, no_overload
from contracts.cel.values.operators import NATIVE_EQUALITY, ORDERED

Frame = list[Any]
Run = Callable[[Frame], Any]
LONG = 4096
"""Comparing strings is free up to this length."""


def guarded(run: Run, start: int) -> Run:
    """Adds the position to errors."""

    def guard(frame: Frame) -> Any:
        try:
            return run(frame)
        except CelError as error:
            raise error.at(start) from None

    return guard


# Binary operators


def _arithmetic(operation: Callable[[Any, Any, Any], Any]) -> Callable[[Run, Run, int], Run]:
    def build(left: Run, right: Run, start: int) -> Run:
        return guarded(lambda frame: operation(left(frame), right(frame), frame[1]), start)

    return build


def _equality(wanted: bool) -> Callable[[Run, Run, int], Run]:
    def build(left: Run, right: Run, start: int) -> Run:
        def run(frame: Frame) -> bool:
            a, b = left(frame), right(frame)
            kind = type(a)
            if kind is type(b) and kind in NATIVE_EQUALITY:
                if kind is str and len(a) > LONG:
                    frame[1].spend(len(a) >> 8)
                return (a == b) is wanted
            try:
                return operators.equal(a, b, frame[1]) is wanted
            except CelError as error:
                raise error.at(start) from None

        return run

    return build


def equals_literal(left: Run, constant: Any, wanted: bool, start: int) -> Run:
    """``c.type == "Ready"``, the most common comparison. All literals have CEL's equality in Python."""
    kind = type(constant)

    def run(frame: Frame) -> bool:
        value = left(frame)
        if type(value) is kind:
            return (value == constant) is wanted
        try:
            return operators.equal(value, constant, frame[1]) is wanted
        except CelError as error:
            raise error.at(start) from None

    return run


def _ordering(operator: str, same: Callable[[Any, Any], bool], mixed: frozenset[int]) -> Any:
    def build(left: Run, right: Run, start: int) -> Run:
        def run(frame: Frame) -> bool:
            a, b = left(frame), right(frame)
            kind = type(a)
            if kind is type(b) and kind in ORDERED:
                return same(a, b)
            try:
                return operators.compare(a, b, operator) in mixed
            except CelError as error:
                raise error.at(start) from None

        return run

    return build


def _membership(left: Run, right: Run, start: int) -> Run:
    def run(frame: Frame) -> bool:
        value, container = left(frame), right(frame)
        if type(value) is str and type(container) is dict:
            return value in container
        try:
            return operators.contains(value, container, frame[1])
        except CelError as error:
            raise error.at(start) from None

    return run


BINARY: dict[str, Callable[[Run, Run, int], Run]] = {
    "-": _arithmetic(operators.subtract),
    "*": _arithmetic(operators.multiply),
    "/": _arithmetic(operators.divide),
    "%": _arithmetic(operators.remainder),
    "==": _equality(True),
    "!=": _equality(False),
    "<": _ordering("_<_", lambda a, b: a < b, frozenset((-1,))),
    "<=": _ordering("_<=_", lambda a, b: a <= b, frozenset((-1, 0))),
    ">": _ordering("_>_", lambda a, b: a > b, frozenset((1,))),
    ">=": _ordering("_>=_", lambda a, b: a >= b, frozenset((0, 1))),
    "in": _membership,
}


# Chains


def addition(operands: list[Run], starts: list[int]) -> Run:
    """``a + b + c``. Strings, which templates consist of, and lists are joined in one step."""
    if len(operands) == 2:
        return _sum_of_two(operands[0], operands[1], starts[0])

    def run(frame: Frame) -> Any:
        values = [operand(frame) for operand in operands]
        if all(type(value) is str for value in values):
            text = "".join(values)
            frame[1].produce(len(text))
            return text
        if all(type(value) is list for value in values):
            frame[1].produce(sum(map(len, values)))
            return [item for value in values for item in value]
        total = values[0]
        for value, start in zip(values[1:], starts, strict=True):
            try:
                total = operators.add(total, value, frame[1])
            except CelError as error:
                raise error.at(start) from None
        return total

    return run


def _sum_of_two(left: Run, right: Run, start: int) -> Run:
    def run(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        if type(a) is int and type(b) is int:
            total = a + b
            if INT_MIN <= total <= INT_MAX:
                return total
        try:
            return operators.add(a, b, frame[1])
        except CelError as error:
            raise error.at(start) from None

    return run


def logical(operands: list[Run], decisive: bool, start: int) -> Run:
    """``||`` (decided by true) and ``&&`` (decided by false). Errors count only if no operand decides."""
    operator, other = ("_||_", False) if decisive else ("_&&_", True)

    def run(frame: Frame) -> bool:
        failure: CelError | None = None
        value: object
        for operand in operands:
            try:
                value = operand(frame)
            except CelError as error:
                failure = failure or error
                continue
            if value is decisive:
                return decisive
            if value is not other:
                failure = failure or no_overload(operator, value).at(start)
        if failure is not None:
            raise failure
        return other

    return run


def conditional(condition: Run, result: Run, otherwise: Run, start: int) -> Run:
    def run(frame: Frame) -> Any:
        value = condition(frame)
        if value is True:
            return result(frame)
        if value is False:
            return otherwise(frame)
        raise no_overload("_?_:_", value).at(start)

    return run


# Names bound by cel.bind


def bind(slot: int, value: Run, body: Run) -> Run:
    """Evaluates the body with the value in its slot; an error is raised only where the name is read."""

    def run(frame: Frame) -> Any:
        try:
            frame[slot] = value(frame)
        except LimitExceeded:
            raise
        except CelError as error:
            frame[slot] = error
        return body(frame)

    return run


def bound_name(slot: int) -> Run:
    def run(frame: Frame) -> Any:
        value = frame[slot]
        if isinstance(value, CelError):
            raise value
        return value

    return run


# Calls


def otherwise(name: str, target: Run, other: Run, start: int) -> Run:
    """``or`` and ``orValue``: the argument is evaluated only if the optional is empty.

    A target that is not optional, which only dyn can hide from the checker, is returned, as in cel-go.
    """

    def run(frame: Frame) -> Any:
        value = target(frame)
        if not isinstance(value, OptionalValue):
            return value
        if value.has_value:
            return value if name == "or" else value.value
        found = other(frame)
        if name == "or" and not isinstance(found, OptionalValue):
            raise no_overload(name, value, found).at(start)
        return found

    return run


def find(name: str, member: bool, environment: Environment) -> Function | None:
    """The function of this name, if the environment provides it."""
    found = (METHODS if member else FUNCTIONS).get(name)
    return found if found is not None and environment.provides(found) else None


def unknown(name: str, start: int) -> Run:
    def run(frame: Frame) -> Any:
        raise CelError(f"unknown function: {name}", offset=start)

    return run


def call(function: Function | None, name: str, args: list[Run], start: int) -> Run:
    if function is None:
        return unknown(name, start)
    if len(args) == 1:
        return _call_one(function, args[0], start)
    if len(args) == 2:
        return _call_two(function, args[0], args[1], start)

    def run(frame: Frame) -> Any:
        return invoke(function, frame[1], [argument(frame) for argument in args], start)

    return run


def _call_one(function: Function, argument: Run, start: int) -> Run:
    resolved_by_classes = function.resolved_by_classes

    def run(frame: Frame) -> Any:
        value = argument(frame)
        found = resolved_by_classes.get((type(value),))
        if found is None:
            return invoke(function, frame[1], [value], start)
        try:
            return found(frame[1], value)
        except Exception as error:
            raise failed(function, error, start) from None

    return run


def _call_two(function: Function, first: Run, second: Run, start: int) -> Run:
    resolved_by_classes = function.resolved_by_classes

    def run(frame: Frame) -> Any:
        a, b = first(frame), second(frame)
        found = resolved_by_classes.get((type(a), type(b)))
        if found is None:
            return invoke(function, frame[1], [a, b], start)
        try:
            return found(frame[1], a, b)
        except Exception as error:
            raise failed(function, error, start) from None

    return run


def invoke(function: Function, budget: Any, args: list[Any], start: int) -> Any:
    try:
        return function.call(budget, *args)
    except Exception as error:
        raise failed(function, error, start) from None


def failed(function: Function, error: Exception, start: int) -> Exception:
    """Hides the messages of Python's own errors, because they may quote values."""
    if isinstance(error, CelError):
        return error.at(start)
    if isinstance(error, (RecursionError, MemoryError)):
        return error
    return CelError(f"{function.name}() cannot process this value", offset=start)
