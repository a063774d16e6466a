"""Exponential back-off, computed so that any number of failures has a delay."""

from __future__ import annotations

DOUBLINGS = 64  # more would not change any result, and ``2.0 ** n`` overflows from 1,024 on


def exponential_backoff(failures: int, first: float, longest: float) -> float:
    """Seconds to wait after so many failures in a row: ``first`` after one, doubled by each further one,
    ``longest`` at most. Without a failure 0.
    """
    if failures < 1:
        return 0.0
    return min(first * 2.0 ** min(failures - 1, DOUBLINGS), longest)
