"""How long one call computes, on a machine that does other things as well."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(run: Callable[[], object], budget: float = 0.15, most: int = 100_000) -> float:
    """Processor seconds per call, since waiting for other programs is no property of this one.

    The best of five samples that take ``budget`` together, of ``most`` calls in all.
    """
    began = time.thread_time()
    run()
    once = max(time.thread_time() - began, 1e-7)
    count = max(1, min(most, int(budget / once)) // 5)
    samples = []
    for _ in range(5):
        began = time.thread_time()
        for _ in range(count):
            run()
        samples.append((time.thread_time() - began) / count)
    return min(samples)
