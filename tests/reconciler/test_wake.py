"""What wakes a reconciler: topics published in its own process, and in other processes through Redis."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.db import transaction
from django.db.models.signals import post_save

from portal.live.publish import publish
from portal.live.subscriptions import group_name, notify, relay_other_processes, subscribe, unsubscribe
from reconciler.base import signals
from tests.backends.servers import find_redis, redis
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for


async def is_set(event: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await event.wait()


async def test_a_topic_wakes_its_subscribers_from_another_thread() -> None:
    changes, contracts, both = subscribe("changes"), subscribe("contracts"), subscribe("changes", "contracts")
    threading.Thread(target=notify, args=("changes",)).start()
    await is_set(changes)
    await is_set(both)
    assert not contracts.is_set()
    for event in (changes, contracts, both):
        unsubscribe(event)
    notify("changes")


def test_saving_a_row_wakes_nothing_by_itself() -> None:
    """No receiver listens to every model of the process."""
    assert not post_save.has_listeners(sender=object)


def test_a_subscriber_whose_loop_was_closed_does_not_disturb_the_publisher() -> None:
    async def subscribe_and_leave() -> asyncio.Event:
        return subscribe("changes")

    event = asyncio.run(subscribe_and_leave())
    notify("changes")
    unsubscribe(event)


@pytest.mark.django_db(transaction=True)
async def test_a_publication_wakes_when_its_transaction_is_committed() -> None:
    changes = subscribe("changes")

    @sync_to_async
    def write() -> bool:
        with transaction.atomic():
            publish("changes", 1)
            return changes.is_set()

    assert not await write()
    await is_set(changes)
    unsubscribe(changes)


@pytest.mark.django_db(transaction=True)
async def test_what_is_rolled_back_wakes_nothing() -> None:
    changes = subscribe("changes")

    @sync_to_async
    def write() -> None:
        with transaction.atomic():
            publish("changes", 1)
            transaction.set_rollback(True)

    await write()
    await asyncio.sleep(0)
    assert not changes.is_set()
    unsubscribe(changes)


def test_a_change_of_a_new_contract_is_applied_without_a_poll(
    stopped_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are saved before the reconciler starts, and while it runs; the kind is not served yet."""
    harness = stopped_harness
    monkeypatch.setattr(signals, "POLL_PERIOD", 600.0)
    contract = harness.publish(PAIR)
    harness.create(contract, "first")
    harness.manager.start()
    wait_for(lambda: (row := harness.row("first")) and row.state == "ready", "the first one is ready")
    second = harness.publish(PAIR.replace("pair", "couple").replace("Pair", "Couple"))
    harness.create(second, "second")
    wait_for(lambda: (row := harness.row("second")) and row.state == "ready", "the second one is ready")


@pytest.fixture
def shared_layer(settings: Any) -> Iterator[str]:
    """The URL of a Redis that is the channel layer."""
    binary = find_redis()
    if binary is None:
        pytest.skip("no redis-server here: install the package redis-server")
    with redis(binary) as url:
        layer = {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [url]}}
        settings.CHANNEL_LAYERS = {"default": layer}
        channel_layers.backends.clear()
        yield url
    channel_layers.backends.clear()


@pytest.mark.backends
async def test_another_process_is_heard_through_redis(shared_layer: str) -> None:
    changes = subscribe("changes")
    task = asyncio.create_task(relay_other_processes(signals.TOPICS))
    await is_set(changes)  # it has joined the group
    changes.clear()
    layer = get_channel_layer()
    await layer.group_send(
        group_name("changes"), {"type": "live.changed", "topic": "changes", "version": "1"}
    )
    await is_set(changes)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    unsubscribe(changes)
