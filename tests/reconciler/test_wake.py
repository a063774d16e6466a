"""Who wakes the engine: rows written in its own process, and other processes over Redis."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import channel_layers, get_channel_layer

from portal.live.publish import group_name
from reconciler.base.signals import notify, relay_other_processes, subscribe, unsubscribe
from tests.backends.servers import find_redis, redis


async def test_another_thread_wakes_those_who_listen_to_the_topic() -> None:
    changes, contracts = subscribe("changes"), subscribe("contracts")
    threading.Thread(target=notify, args=("changes",)).start()
    async with asyncio.timeout(5):
        await changes.wait()
    assert not contracts.is_set()
    unsubscribe(changes)
    unsubscribe(contracts)
    notify("changes")


@pytest.fixture
def shared_layer(settings: Any) -> Iterator[None]:
    binary = find_redis()
    if binary is None:
        pytest.skip("no redis-server here: install the package redis-server")
    with redis(binary) as url:
        layer = {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [url]}}
        settings.CHANNEL_LAYERS = {"default": layer}
        channel_layers.backends.clear()
        yield
    channel_layers.backends.clear()


@pytest.mark.backends
async def test_another_process_is_heard_through_redis(shared_layer: None) -> None:
    changes = subscribe("changes")
    task = asyncio.create_task(relay_other_processes())
    layer = get_channel_layer()
    message = {"type": "live.changed", "topic": "changes", "version": "1"}
    async with asyncio.timeout(10):
        while not changes.is_set():
            await layer.group_send(group_name("changes"), message)
            await asyncio.sleep(0.05)
    task.cancel()
    unsubscribe(changes)
