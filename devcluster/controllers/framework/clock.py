"""Time for the controllers: the event loop's own, or one that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What the controllers ask of time."""

    def now(self) -> datetime:
        """The time of day, in UTC, for timestamps."""

    def monotonic(self) -> float:
        """Seconds for measuring how long something lasts."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call back after so many seconds."""


class LoopClock:
    """The running event loop's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)


class HandClock:
    """A clock for tests: time passes only in `advance`, and what falls due is called in order."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime.now(UTC)
        self._elapsed = 0.0
        self._numbers = count()
        self._due: list[tuple[float, int, _HandTimer]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = _HandTimer(call)
        heapq.heappush(self._due, (self._elapsed + max(seconds, 0), next(self._numbers), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at each moment at which something is due."""
        end = self._elapsed + seconds
        while self._due and self._due[0][0] <= end:
            moment, _, timer = heapq.heappop(self._due)
            self._elapsed = max(self._elapsed, moment)
            timer.fire()
        self._elapsed = end


class _HandTimer:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self._call = None

    def fire(self) -> None:
        if self._call is not None:
            self._call()
