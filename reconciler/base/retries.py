"""When each of many things is tried again after it failed or has to wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from reconciler.base.backoff import exponential_backoff

K = TypeVar("K", bound=Hashable)


@dataclass
class Retries(Generic[K]):
    """Exponential back-off per key, in seconds. Losing it costs an early attempt, nothing else."""

    first: float = 0.25
    longest: float = 10.0
    clock: Callable[[], float] = time.monotonic
    epoch: int = 0  # grows with ``forget_all``
    _failures: dict[K, tuple[int, float]] = field(default_factory=dict)  # how many in a row, when it is due

    def failed(self, key: K, epoch: int | None = None) -> None:
        """``epoch``: the one in which the attempt began. In a later one, it is tried again at once."""
        if epoch is not None and epoch != self.epoch:
            return
        failures = self._failures.get(key, (0, 0.0))[0] + 1
        due = self.clock() + exponential_backoff(failures, self.first, self.longest)
        self._failures[key] = (failures, due)

    def is_due(self, key: K) -> bool:
        return self._failures.get(key, (0, 0.0))[1] <= self.clock()

    def seconds_until_next(self, at_most: float) -> float:
        """Until the first of those that wait is due."""
        now = self.clock()
        waits = [due - now for _, due in self._failures.values() if due > now]
        return min([*waits, at_most])

    def forget(self, key: K) -> None:
        self._failures.pop(key, None)

    def forget_all(self) -> None:
        """What they waited for has changed: each is due now, and the back-off starts again."""
        self._failures.clear()
        self.epoch += 1
