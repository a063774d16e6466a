"""Tell the engine of this process to look at the rows again.

An engine in a process of its own hears through Redis; without that it polls.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

from channels.layers import InMemoryChannelLayer, get_channel_layer

from portal.live.publish import group_name

TOPICS = ("changes", "contracts")
LOOK_AT_ROWS_EVERY = 2.0  # seconds; a safety net, since writes wake the engine

_lock = threading.Lock()
_listeners: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = {}


def subscribe(topic: str) -> asyncio.Event:
    """An event of the running loop that is set whenever somebody calls ``notify`` with this topic."""
    event = asyncio.Event()
    with _lock:
        _listeners[id(event)] = (asyncio.get_running_loop(), event, topic)
    return event


async def wait_or_poll(event: asyncio.Event, within: float = LOOK_AT_ROWS_EVERY) -> None:
    """Wait until it is set, but not longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    event.clear()


def unsubscribe(event: asyncio.Event) -> None:
    with _lock:
        _listeners.pop(id(event), None)


def notify(topic: str) -> None:
    """From any thread; costs nothing when no engine runs here."""
    with _lock:
        listeners = list(_listeners.values())
    for loop, event, desired in listeners:
        if desired == topic and not loop.is_closed():
            loop.call_soon_threadsafe(event.set)


async def relay_other_processes() -> None:
    """Wake this process's engine when another one says, over a shared channel layer, that rows moved.

    Runs until cancelled. With the in-memory layer there is nobody else to hear.
    """
    layer = get_channel_layer()
    if layer is None or isinstance(layer, InMemoryChannelLayer):
        await asyncio.Event().wait()
        return
    channel = await layer.new_channel("engine")
    for topic in TOPICS:
        await layer.group_add(group_name(topic), channel)
    while True:
        message = await layer.receive(channel)
        notify(str(message.get("topic")))
