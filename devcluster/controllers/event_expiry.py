"""Events are forgotten after an hour, as a real API server forgets them."""

from __future__ import annotations

from collections.abc import Iterator

from devcluster.controllers.framework.actions import Action, Delete, LookAgain
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
from devcluster.controllers.framework.objects import Object, key_of, seconds_since


def decide(event: Object, view: View, turn: Turn) -> Iterator[Action]:
    last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    rest = turn.settings.event_ttl - seconds_since(last, turn.now)
    yield LookAgain(rest) if rest > 0 else Delete(key_of(event, "Event"))


CONTROLLER = Controller(name="event-expiry", kind="Event", decide=decide)
