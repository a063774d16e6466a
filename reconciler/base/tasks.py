"""Concurrent tasks that run until cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

log = logging.getLogger("slipway.reconciler")

Runnable = Callable[[], Coroutine[Any, Any, None]]


async def run_all(runnables: Sequence[Runnable]) -> None:
    """Run all of these until cancelled. When it returns, every one of them has ended."""
    tasks = [
        asyncio.create_task(restart_on_error(runnable), name=runnable.__qualname__) for runnable in runnables
    ]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def restart_on_error(runnable: Runnable) -> None:
    """A task that continues after every error: log it, wait a second, restart."""
    while True:
        try:
            await runnable()
        except Exception:
            log.exception("The reconciler's task %s failed and is restarted.", runnable.__qualname__)
            await asyncio.sleep(1.0)
