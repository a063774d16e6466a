"""Limits of an expression, and the budget that an evaluation spends."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.cel.errors import LimitExceeded

MAX_SOURCE = 64 * 1024
"""Characters of one expression."""

MAX_DEPTH = 120
"""Nested operators, calls and brackets. A chain of ``.``, ``+``, ``&&``, ``||`` or ``?:`` counts once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``steps`` counts evaluated nodes of loop bodies and visited elements (5 million take about a second).
    ``size`` counts the characters and elements that are produced."""

    steps: int = 5_000_000
    size: int = 8_000_000


DEFAULT = Limits()


class Budget:
    """What remains for one evaluation."""

    __slots__ = ("size", "steps")

    def __init__(self, limits: Limits) -> None:
        self.steps = limits.steps
        self.size = limits.size

    def spend(self, steps: int) -> None:
        """Charge for work before it is done."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitExceeded("the expression takes too many steps")

    def produce(self, size: int) -> None:
        """Charge for characters or elements before they are created."""
        self.size -= size
        if self.size < 0:
            raise LimitExceeded("the expression produces too much data")
