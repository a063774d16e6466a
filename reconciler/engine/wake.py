"""Tell the engine of this process to look at the rows again. A process of its own hears through Redis, or polls."""

from __future__ import annotations

import asyncio
import threading

_lock = threading.Lock()
_listeners: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}


def listen() -> asyncio.Event:
    """An event of the running loop that is set whenever somebody calls ``wake``."""
    event = asyncio.Event()
    with _lock:
        _listeners[id(event)] = (asyncio.get_running_loop(), event)
    return event


def stop_listening(event: asyncio.Event) -> None:
    with _lock:
        _listeners.pop(id(event), None)


def wake(*_: object, **__: object) -> None:
    """From any thread; costs nothing when no engine runs here."""
    with _lock:
        listeners = list(_listeners.values())
    for loop, event in listeners:
        if not loop.is_closed():
            loop.call_soon_threadsafe(event.set)
