"""The event loop that serves the sockets of this process.

A channel layer in memory may only be touched from that loop, and a message may come from any thread: a
view's, or the
engine's, which has a loop of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.sync import async_to_sync

Work = Callable[[], Coroutine[Any, Any, None]]

_serving: asyncio.AbstractEventLoop | None = None
_running: set[asyncio.Task[None]] = set()  # a task that nothing refers to may be collected before it has run


def serve_from_here() -> None:
    """Called by every socket: from now on messages go through the loop that runs now."""
    global _serving
    _serving = asyncio.get_running_loop()


def run(work: Work) -> None:
    """Hand the work to the serving loop, else to one that runs in this thread, and go on; without any, do
    it now."""
    if _serving is not None and _serving.is_running():
        asyncio.run_coroutine_threadsafe(work(), _serving)
        return
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        async_to_sync(_finish)(work)
        return
    task = here.create_task(work())
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _finish(work: Work) -> None:
    await work()
