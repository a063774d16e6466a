"""Publish a topic: wake everything that waits for it. A message names the topic and carries no content."""

from __future__ import annotations

import logging
from typing import Any

from channels.layers import get_channel_layer
from django.db import transaction

from portal.accounts.models import User
from portal.live import loop
from portal.live.subscriptions import group_name, notify

log = logging.getLogger("slipway.live")


def user_group(user_pk: int) -> str:
    return f"live-user.{user_pk}"


def publish(topic: str, version: int | str) -> None:
    """Announce, once the transaction is committed, that ``topic`` is at ``version`` now.

    Wakes subscribers of this process directly, browsers and other processes through the channel layer.
    Never fails the caller.
    """
    transaction.on_commit(lambda: _announce(topic, str(version)))


def _announce(topic: str, version: str) -> None:
    notify(topic)
    send(group_name(topic), {"type": "live.changed", "topic": topic, "version": version})


def revoke(user: User) -> None:
    """Make every socket of this user check its rights again, once the transaction is committed."""
    pk = user.pk
    transaction.on_commit(lambda: send(user_group(pk), {"type": "live.rights"}))


def send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        loop.run(lambda: layer.group_send(group, message))
    except Exception:  # a page that misses a message catches up when it reconnects
        log.warning("Could not send a message to the group %s.", group, exc_info=True)
