"""The clock of the controllers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """The clock that the controllers need."""

    def now(self) -> datetime:
        """The current time in UTC, for timestamps."""

    def monotonic(self) -> float:
        """Seconds, for measuring durations."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call a function after so many seconds."""


class LoopClock:
    """The clock of the current event loop."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)
