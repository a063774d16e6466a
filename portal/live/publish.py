"""Publish a topic: wake everything that waits for it. A message names the topic and carries no content."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from channels.layers import get_channel_layer
from django.db import transaction

from portal.accounts.models import User
from portal.live import loop
from portal.live.subscriptions import group_name, notify

log = logging.getLogger("slipway.live")


def user_group(user_pk: int) -> str:
    return f"live-user.{user_pk}"


Audience = Collection[tuple[int, str]]
"""Keys of teams, and the least role in each of them. Portal roles belong to every audience."""


def publish(topic: str, version: int | str, *, to: Audience | None = None) -> None:
    """Announce, once the transaction is committed, that ``topic`` is at ``version`` now.

    Wakes subscribers of this process directly, browsers and other processes through the channel layer.
    ``to``: who may notice it, of those who listen to a topic about the rows of many teams; None is all of
    them. Never fails the caller.
    """
    audience = None if to is None else [list(one) for one in to]
    transaction.on_commit(lambda: _announce(topic, str(version), audience))


def _announce(topic: str, version: str, audience: list[list[Any]] | None) -> None:
    notify(topic)
    message = {"type": "live.changed", "topic": topic, "version": version, "audience": audience}
    send(group_name(topic), message)


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
