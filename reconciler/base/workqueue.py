"""A rate-limited work queue. One key is never processed twice at once; a failing key backs off."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from reconciler.base.backoff import exponential_backoff

Key = TypeVar("Key", bound=Hashable)

BASE_DELAY, MAX_DELAY = 0.2, 60.0  # seconds


class WorkQueue(Generic[Key]):
    """A key that is added while it is processed is due again as soon as that is done."""

    def __init__(self) -> None:
        self._due: OrderedDict[Key, None] = OrderedDict()
        self._processing: set[Key] = set()
        self._dirty: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._ready = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    @property
    def idle(self) -> bool:
        return not self._due and not self._processing

    def add(self, key: Key) -> None:
        """Due now."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if key in self._processing:
            self._dirty.add(key)
        else:
            self._due[key] = None
            self._ready.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Due after so many seconds; the earliest requested time counts."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self.add, key)

    def add_rate_limited(self, key: Key, at_least: float = 0.0) -> float:
        """Due again after a back-off that doubles with every failure. Returns its seconds."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        limit = exponential_backoff(failures, BASE_DELAY, MAX_DELAY)
        seconds: float = max(at_least, limit * random.uniform(0.5, 1.0))  # noqa: S311 (jitter, no secret)
        self.add_after(key, seconds)
        return seconds

    def forget(self, key: Key) -> None:
        self._failures.pop(key, None)

    def discard(self, key: Key) -> None:
        """The key is not needed any more."""
        self.forget(key)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def get(self) -> Key:
        while not self._due:
            self._ready.clear()
            await self._ready.wait()
        key, _ = self._due.popitem(last=False)
        self._processing.add(key)
        return key

    def done(self, key: Key) -> None:
        self._processing.discard(key)
        if key in self._dirty:
            self._dirty.discard(key)
            self.add(key)
