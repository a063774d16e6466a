"""How long one call takes, on a machine that does other things as well."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(run: Callable[[], object], budget: float = 0.15, most: int = 100_000) -> float:
    """Seconds per call: the best of five samples that take ``budget`` together, of ``most`` calls in all."""
    began = time.perf_counter()
    run()
    once = max(time.perf_counter() - began, 1e-7)
    count = max(1, min(most, int(budget / once)) // 5)
    samples = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            run()
        samples.append((time.perf_counter() - began) / count)
    return min(samples)
