"""Wake code of this process that waits for a topic, such as the reconciler.

``publish`` calls ``notify`` in its own process. ``relay_other_processes`` brings what other processes
publish, through a channel layer that they share.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from channels.layers import InMemoryChannelLayer, get_channel_layer


class _Subscription(NamedTuple):
    loop: asyncio.AbstractEventLoop
    event: asyncio.Event
    topics: frozenset[str]


_lock = threading.Lock()
_subscriptions: dict[int, _Subscription] = {}


def group_name(topic: str) -> str:
    """The channel layer's group of a topic."""
    return f"live.{topic}"


def subscribe(*topics: str) -> asyncio.Event:
    """Return an event of the running loop that is set whenever one of the topics is published."""
    event = asyncio.Event()
    with _lock:
        _subscriptions[id(event)] = _Subscription(asyncio.get_running_loop(), event, frozenset(topics))
    return event


def unsubscribe(event: asyncio.Event) -> None:
    with _lock:
        _subscriptions.pop(id(event), None)


def notify(topic: str) -> None:
    """Set the events of a topic. May be called from any thread."""
    with _lock:
        found = [one for one in _subscriptions.values() if topic in one.topics]
    for subscription in found:
        with contextlib.suppress(RuntimeError):  # its loop was closed without unsubscribing
            subscription.loop.call_soon_threadsafe(subscription.event.set)


async def relay_other_processes(topics: Sequence[str]) -> None:
    """Notify this process of what other processes publish. Runs until cancelled.

    The in-memory layer is not shared with other processes: there is nothing to relay.
    """
    layer = get_channel_layer()
    if layer is None or isinstance(layer, InMemoryChannelLayer):
        await asyncio.Event().wait()
        return
    channel = await layer.new_channel("relay")
    try:
        for topic in topics:
            await layer.group_add(group_name(topic), channel)
            notify(topic)  # for what was published before the group was joined
        while True:
            message: dict[str, Any] = await layer.receive(channel)
            notify(str(message.get("topic")))
    finally:
        for topic in topics:
            await layer.group_discard(group_name(topic), channel)
