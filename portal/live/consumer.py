"""The websocket of a page. It says what changed, never what it changed to: the page asks again with its own
rights.

Close codes: 4401 the session is over, 4403 nothing of what was asked for may be heard, 4408 the browser
reads too slowly.
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
from portal.live import loop
from portal.live.origin import same_origin
from portal.live.publish import user_group
from portal.live.subscriptions import group_name
from portal.live.topics import Known, look, wanted

SESSION_OVER, NOTHING_ALLOWED, TOO_SLOW = 4401, 4403, 4408
GATHER = 0.03  # seconds in which further changes join the same batch
RIGHTS_LAST = 5.0  # seconds for which a decision is believed without asking again
LOOK_AT_SESSION = 60.0  # seconds after which an idle socket asks whether its session still lives
SEND_WITHIN = 10.0  # seconds that a browser has to read a message


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.topics: list[str] = []
        self.changed: dict[str, str] = {}
        self.wake = asyncio.Event()
        self.checked_at = 0.0
        self.worker: asyncio.Task[None] | None = None
        if not same_origin(self.scope):
            await self.close()
            return
        loop.serve_from_here()
        await self.accept()
        user = await self.person()
        if user is None:
            await self.close(SESSION_OVER)
            return
        await self.listen(user)

    async def listen(self, user: User) -> None:
        """Join first and read afterwards: the other way round would lose what changes in between."""
        self.topics = wanted(parse_qs(self.scope["query_string"].decode("latin-1")).get("topics", []))
        self.user_pk = user.pk
        await self.channel_layer.group_add(user_group(user.pk), self.channel_name)
        for topic in self.topics:
            await self.channel_layer.group_add(group_name(topic), self.channel_name)
        known = await database_sync_to_async(look)(user, self.topics)
        await self.drop(known)
        if self.topics:
            self.checked_at = time.monotonic()
            for one in known:
                if one.version is not None:
                    await self.tell(one.topic, one.version)
            self.worker = asyncio.create_task(self.work())

    async def disconnect(self, code: int) -> None:
        if self.worker:
            self.worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.worker
        for topic in self.topics:
            await self.channel_layer.group_discard(group_name(topic), self.channel_name)
        if hasattr(self, "user_pk"):
            await self.channel_layer.group_discard(user_group(self.user_pk), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A browser has nothing to say here; commands are ordinary requests."""

    async def live_changed(self, event: dict[str, Any]) -> None:
        """From ``publish``. Only the newest version of a topic is kept, so a slow reader costs no memory."""
        self.changed[event["topic"]] = event["version"]
        self.wake.set()

    async def live_rights(self, event: dict[str, Any]) -> None:
        """From ``revoke``."""
        self.checked_at = 0.0
        self.wake.set()

    async def work(self) -> None:
        """Send what changed, batch by batch, to somebody who may still hear it."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), LOOK_AT_SESSION)
            await asyncio.sleep(GATHER)
            self.wake.clear()
            batch, self.changed = self.changed, {}
            if time.monotonic() - self.checked_at > RIGHTS_LAST and not await self.still_allowed():
                return
            for topic, version in batch.items():
                if topic in self.topics:
                    await self.tell(topic, version)

    async def still_allowed(self) -> bool:
        user = await self.person()
        if user is None:
            await self.close(SESSION_OVER)
            return False
        await self.drop(await database_sync_to_async(look)(user, self.topics))
        self.checked_at = time.monotonic()
        return bool(self.topics)

    async def drop(self, known: list[Known]) -> None:
        """Stop listening to what this person may not, or no longer, hear; with nothing left, say so and
        close."""
        refused = {one.topic for one in known if one.version is None}
        for topic in refused:
            await self.channel_layer.group_discard(group_name(topic), self.channel_name)
        self.topics = [topic for topic in self.topics if topic not in refused]
        if not self.topics:
            await self.close(NOTHING_ALLOWED)

    async def person(self) -> User | None:
        """Who holds the session now: read afresh, since it may have ended, or the person been made
        inactive."""
        session = self.scope["session"]
        key = session.session_key

        def read() -> User | None:
            store = type(session._wrapped if hasattr(session, "_wrapped") else session)(key)
            user = get_user(SimpleNamespace(session=store)) if key else None  # type: ignore[arg-type]
            return user if isinstance(user, User) and user.is_active else None

        user: User | None = await database_sync_to_async(read)()
        return user

    async def tell(self, topic: str, version: str) -> None:
        message = json.dumps({"topic": topic, "version": version})
        try:
            await asyncio.wait_for(self.send(text_data=message), SEND_WITHIN)
        except TimeoutError:
            await self.close(TOO_SLOW)
