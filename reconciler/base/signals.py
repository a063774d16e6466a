"""Wait for a wake-up, with a poll as the fallback.

Writers of rows publish a topic (``portal.live.publish``). That wakes a reconciler in the same process, and
one in another process through a shared channel layer (Redis). Without a shared layer, a reconciler in
another process finds new rows by polling.
"""

from __future__ import annotations

import asyncio
import contextlib

POLL_PERIOD = 2.0  # seconds
TOPICS = ("changes", "contracts", "teams")  # what the reconciler reads from rows


async def wait_or_poll(event: asyncio.Event, period: float) -> bool:
    """Wait at most ``period`` seconds until the event is set, and clear it. Return whether it was set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(period):
            await event.wait()
    was_set = event.is_set()
    event.clear()
    return was_set
