"""Events are forgotten after an hour, as a real API server forgets them."""

from __future__ import annotations

from collections.abc import Iterator

from devcluster.controllers.actions import Action, Delete, LookAgain
from devcluster.controllers.controller import Controller, Turn
from devcluster.controllers.objects import Object, key_of, seconds_since
from devcluster.controllers.view import View


def decide(event: Object, view: View, turn: Turn) -> Iterator[Action]:
    last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    rest = turn.settings.event_ttl - seconds_since(last, turn.now)
    yield LookAgain(rest) if rest > 0 else Delete(key_of(event, "Event"))


CONTROLLER = Controller(name="event-expiry", kind="Event", decide=decide)
