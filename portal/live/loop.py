"""The event loop that serves the sockets of this process.

A channel layer in memory may only be touched from that loop, and a message may come from any thread: a view's, or the
engine's, which has a loop of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from asgiref.sync import async_to_sync

_serving: asyncio.AbstractEventLoop | None = None


def serve_from_here() -> None:
    """Called by the first socket: from now on messages go through the loop that runs now."""
    global _serving
    _serving = asyncio.get_running_loop()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Hand the work to the serving loop and go on; without one, do it here and now."""
    if _serving is not None and _serving.is_running():
        asyncio.run_coroutine_threadsafe(work, _serving)
    else:

        async def wait() -> None:
            await work

        async_to_sync(wait)()
