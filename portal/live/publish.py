"""Tell every browser that watches a topic to look again. A message names what changed and carries no content."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger("slipway.live")


def group_name(topic: str) -> str:
    return f"live.{topic}"


def publish(topic: str, revision: int | str) -> None:
    """Say, once the transaction is committed, that ``topic`` is now at ``revision``. Never fails the caller."""
    transaction.on_commit(lambda: send(topic, revision))


def send(topic: str, revision: int | str) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "live.changed", "topic": topic, "rev": str(revision)}
    try:
        async_to_sync(layer.group_send)(group_name(topic), message)
    except Exception:  # a page that misses a message catches up by itself
        log.warning("could not tell the browsers about %s", topic, exc_info=True)
