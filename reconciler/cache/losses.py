"""Objects that something else deletes soon after they were created, and when to create them again.

A deleted object is recreated at once. One that is deleted again and again, by the garbage collector or by
another controller, would be recreated in an endless loop that always reports success.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.base.backoff import exponential_backoff
from reconciler.objects.accessors import Identity

YOUNG = 10.0  # seconds after its creation in which a deletion counts as a loss
TOLERATED = 2  # losses in a row after which an object is still recreated at once
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between a loss and the next creation


@dataclass(slots=True)
class _History:
    created: float | None = None  # when the object that exists now was created, if that is known
    lost: float = 0.0  # when the last one was lost
    losses: int = 0  # in a row


class Losses:
    """By the uid of an instance and the identity of an object. Losing it costs a few creations."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._histories: dict[str, dict[Identity, _History]] = {}

    def creating(self, uid: str, identity: Identity) -> None:
        """The object is about to be created. Called before the request: its deletion may come first."""
        history = self._histories.setdefault(uid, {}).setdefault(identity, _History())
        history.created = self._clock()

    def deleted(self, uid: str, identity: Identity) -> None:
        """The object was deleted by something else. A second report of one deletion changes nothing."""
        history = self._histories.get(uid, {}).get(identity)
        if history is None or history.created is None:
            return
        now = self._clock()
        history.losses = history.losses + 1 if now - history.created <= YOUNG else 0
        history.created, history.lost = None, now

    def forget(self, uid: str, identity: Identity) -> None:
        """The object is not desired any more."""
        self._histories.get(uid, {}).pop(identity, None)

    def forget_instance(self, uid: str) -> None:
        self._histories.pop(uid, None)

    def wait(self, uid: str, identity: Identity) -> float:
        """Seconds until the object may be created again; 0 when it may be created now."""
        history = self._histories.get(uid, {}).get(identity)
        if history is None or history.losses <= TOLERATED:
            return 0.0
        wait = exponential_backoff(history.losses - TOLERATED, FIRST_WAIT, LONGEST_WAIT)
        return max(0.0, history.lost + wait - self._clock())

    def doubt(self, uid: str, identity: Identity) -> str:
        """Why an object that exists, or is to be created, cannot be relied on; empty when it can."""
        history = self._histories.get(uid, {}).get(identity)
        if history is None or history.losses <= TOLERATED:
            return ""
        if history.created is not None and self._clock() - history.created > YOUNG:
            history.losses = 0
            return ""
        return (
            f"was deleted {history.losses} times, each time right after it was created. Find what deletes "
            "it: an owner reference to an object that does not exist in its namespace, or another controller."
        )
