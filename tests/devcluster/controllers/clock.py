"""A clock that a test advances."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from devcluster.controllers.framework.clock import Timer


class FakeClock:
    """A clock for tests: time passes only in `advance`, which fires timers in order."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime.now(UTC)
        self._elapsed = 0.0
        self._numbers = count()
        self._due: list[tuple[float, int, _FakeTimer]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = _FakeTimer(call)
        heapq.heappush(self._due, (self._elapsed + max(seconds, 0), next(self._numbers), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, and fire each timer at its time."""
        end = self._elapsed + seconds
        while self._due and self._due[0][0] <= end:
            moment, _, timer = heapq.heappop(self._due)
            self._elapsed = max(self._elapsed, moment)
            timer.fire()
        self._elapsed = end


class _FakeTimer:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self._call = None

    def fire(self) -> None:
        if self._call is not None:
            self._call()
