"""The event loop that serves the websockets of this process.

An in-memory channel layer may only be used from that loop, while messages come from any thread: of a view, or
of the reconciler, which has its own loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.sync import async_to_sync

AsyncFunction = Callable[[], Coroutine[Any, Any, None]]

_serving: asyncio.AbstractEventLoop | None = None
_running: set[asyncio.Task[None]] = set()  # a task without a reference may be collected before it has run


def serve_from_here() -> None:
    """Called by every socket: from now on, messages go through the running loop."""
    global _serving
    _serving = asyncio.get_running_loop()


def run(function: AsyncFunction) -> None:
    """Run the function on the serving loop, else on the loop of this thread; without one, run it now."""
    if _serving is not None and _serving.is_running():
        asyncio.run_coroutine_threadsafe(function(), _serving)
        return
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        async_to_sync(_finish)(function)
        return
    task = here.create_task(function())
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _finish(function: AsyncFunction) -> None:
    await function()
