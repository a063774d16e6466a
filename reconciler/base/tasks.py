"""Tasks that run side by side for as long as something lasts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

log = logging.getLogger("slipway.engine")

Work = Callable[[], Coroutine[Any, Any, None]]


async def together(works: Sequence[Work]) -> None:
    """Run all of these until cancelled. When it returns, every one of them has ended."""
    tasks = [asyncio.create_task(unbroken(work), name=work.__qualname__) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def unbroken(work: Work) -> None:
    """A task that must outlive every error: tell of it, wait a little, go on."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("The task %s of the reconciler failed; it goes on.", work.__qualname__)
            await asyncio.sleep(1.0)
