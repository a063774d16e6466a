"""Deletes Events after an hour, as a real API server does."""

from __future__ import annotations

from collections.abc import Iterator

from devcluster.controllers.framework.actions import Action, Delete, RequeueAfter
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import Object, key_of, seconds_since


def reconcile(event: Object, cache: Cache, context: Context) -> Iterator[Action]:
    last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    rest = context.settings.event_ttl - seconds_since(last, context.now)
    yield RequeueAfter(rest) if rest > 0 else Delete(key_of(event, "Event"))


CONTROLLER = Controller(name="event-expiry", kind="Event", reconcile=reconcile)
