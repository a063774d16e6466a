"""The websocket of a page. A message names a topic that changed; the page requests the content itself.

Close codes: 4401 the session ended, 4403 none of the topics is permitted, 4408 the browser reads too slowly,
4413 a topic is too long.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user

from portal.accounts.models import User
from portal.input_limits import LimitExceeded
from portal.live import loop
from portal.live.origin import same_origin
from portal.live.publish import user_group
from portal.live.subscriptions import group_name
from portal.live.topics import Listener, TopicVersion, current_versions, parse_topics

SESSION_OVER, NOTHING_ALLOWED, TOO_SLOW, TOO_LARGE = 4401, 4403, 4408, 4413
# Seconds:
BATCH_DELAY = 0.03  # in which further changes join the same batch
RIGHTS_TTL = 5.0  # for which permissions are cached
SESSION_CHECK_PERIOD = 60.0  # between checks of an idle socket's session
SEND_TIMEOUT = 10.0  # that a browser has to read a message


def rights_and_versions(user: User, topics: list[str]) -> tuple[Listener, list[TopicVersion]]:
    return Listener.of(user), current_versions(user, topics)


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.topics: list[str] = []
        self.changed: dict[str, str] = {}  # topic → newest version that was not sent yet
        self.wake = asyncio.Event()
        self.checked_at = 0.0
        self.listener = Listener({})
        self.sender: asyncio.Task[None] | None = None
        if not same_origin(self.scope):
            await self.close()
            return
        loop.serve_from_here()
        await self.accept()
        user = await self.current_user()
        if user is None:
            await self.close(SESSION_OVER)
            return
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        try:
            self.topics = parse_topics(query.get("topics", []))
        except LimitExceeded as error:
            await self.close(TOO_LARGE, str(error))
            return
        await self.join_topics(user)

    async def join_topics(self, user: User) -> None:
        """Join the groups first and read the versions afterwards, so that no change in between is lost."""
        self.user_pk = user.pk
        await self.channel_layer.group_add(user_group(user.pk), self.channel_name)
        for topic in self.topics:
            await self.channel_layer.group_add(group_name(topic), self.channel_name)
        self.listener, versions = await database_sync_to_async(rights_and_versions)(user, self.topics)
        await self.leave_forbidden(versions)
        if self.topics:
            self.checked_at = time.monotonic()
            for one in versions:
                if one.version is not None:
                    await self.send_version(one.topic, one.version)
            self.sender = asyncio.create_task(self.send_changes())

    async def disconnect(self, code: int) -> None:
        if self.sender:
            self.sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.sender
        for topic in self.topics:
            await self.channel_layer.group_discard(group_name(topic), self.channel_name)
        if hasattr(self, "user_pk"):
            await self.channel_layer.group_discard(user_group(self.user_pk), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ignores what a browser sends: commands are ordinary requests."""

    async def live_changed(self, event: dict[str, Any]) -> None:
        """From ``publish``. Keeps one version of a topic, the newest: a slow reader costs no memory.

        A change that the user may not see is not noticed, so that it tells nothing about other teams.
        """
        if self.listener.belongs_to(event.get("audience")):
            self.changed[event["topic"]] = event["version"]
            self.wake.set()

    async def live_rights(self, event: dict[str, Any]) -> None:
        """From ``revoke``."""
        self.checked_at = 0.0
        self.wake.set()

    async def send_changes(self) -> None:
        """Send changes batch by batch while the user may see them."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), SESSION_CHECK_PERIOD)
            await asyncio.sleep(BATCH_DELAY)
            self.wake.clear()
            batch, self.changed = self.changed, {}
            if time.monotonic() - self.checked_at > RIGHTS_TTL and not await self.check_rights():
                return
            for topic, version in batch.items():
                if topic in self.topics:
                    await self.send_version(topic, version)

    async def check_rights(self) -> bool:
        """Leave topics that are no longer permitted. False when the socket was closed."""
        user = await self.current_user()
        if user is None:
            await self.close(SESSION_OVER)
            return False
        before = self.listener
        self.listener, versions = await database_sync_to_async(rights_and_versions)(user, self.topics)
        await self.leave_forbidden(versions)
        if self.topics:  # otherwise the close code says it
            for one in versions:
                if one.version is None:  # the page requests its content again and learns why
                    await self.send_version(one.topic, "")
                elif self.listener != before:  # with other rights the same page shows other rows
                    await self.send_version(one.topic, one.version)
        self.checked_at = time.monotonic()
        return bool(self.topics)

    async def leave_forbidden(self, versions: list[TopicVersion]) -> None:
        """Leave the topics that this user may not see; close the socket when none is left."""
        forbidden = {one.topic for one in versions if one.version is None}
        for topic in forbidden:
            await self.channel_layer.group_discard(group_name(topic), self.channel_name)
        self.topics = [topic for topic in self.topics if topic not in forbidden]
        if not self.topics:
            await self.close(NOTHING_ALLOWED)

    async def current_user(self) -> User | None:
        """The user of the session, read again: it may have ended, or the user been deactivated."""
        session = self.scope["session"]
        key = session.session_key

        def read() -> User | None:
            store = type(session._wrapped if hasattr(session, "_wrapped") else session)(key)
            user = get_user(SimpleNamespace(session=store)) if key else None  # type: ignore[arg-type]
            usable = isinstance(user, User) and user.is_active and user.temporary_until is None
            return user if isinstance(user, User) and usable else None

        user: User | None = await database_sync_to_async(read)()
        return user

    async def send_version(self, topic: str, version: str) -> None:
        message = json.dumps({"topic": topic, "version": version})
        try:
            await asyncio.wait_for(self.send(text_data=message), SEND_TIMEOUT)
        except TimeoutError:
            await self.close(TOO_SLOW)
