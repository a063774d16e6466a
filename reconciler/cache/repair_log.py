"""The repairs of fields of each object, from pass to pass. Rows of resources hold them across a restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from reconciler.objects.accessors import Identity, Manifest
from reconciler.plan.compare import FieldDifference, Label
from reconciler.plan.repairs import QUIET, Repairs, due_in, observed, repaired


class SteadyClock:
    """Seconds since the epoch that never go back while the process runs."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        return self._offset + time.monotonic()


class RepairLog:
    """By the uid of an instance and the identity of an object. Losing it costs a few repairs."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or SteadyClock()
        self._known: dict[str, dict[Identity, Repairs]] = {}

    def seed(self, uid: str, known: Mapping[Identity, Repairs]) -> None:
        """What the rows know. A time in the future is of a clock that was wrong."""
        now = self._clock()
        self._known[uid] = {
            identity: tuple(one.not_after(now) for one in repairs) for identity, repairs in known.items()
        }

    def of(self, uid: str, identity: Identity) -> Repairs:
        return self._known.get(uid, {}).get(identity, ())

    def due_in(self, uid: str, identity: Identity, differences: tuple[FieldDifference, ...]) -> float:
        """Seconds until an apply of these differences is due."""
        return due_in(self.of(uid, identity), differences, self._clock())

    def repaired(
        self, uid: str, identity: Identity, differences: tuple[FieldDifference, ...], by: str
    ) -> None:
        self._set(uid, identity, repaired(self.of(uid, identity), differences, by, self._clock()))

    def observed(
        self, uid: str, identity: Identity, desired: Manifest, drift: Collection[tuple[Label, ...]]
    ) -> None:
        """``drift``: each field that differs and is not repaired yet."""
        known = self.of(uid, identity)
        if known:
            self._set(uid, identity, observed(known, desired, drift, self._clock()))

    def next_look(self, uid: str) -> float | None:
        """Seconds until a repair is due, or a conflict is over if nothing changes; None without either."""
        now = self._clock()
        waits = [
            one.wait(now) if one.undone else max(0.0, one.last + QUIET - now)
            for repairs in self._known.get(uid, {}).values()
            for one in repairs
            if one.undone or one.is_conflict
        ]
        return min(waits) + 0.01 if waits else None

    def forget(self, uid: str, identity: Identity) -> None:
        """The object is not desired any more."""
        self._known.get(uid, {}).pop(identity, None)

    def forget_instance(self, uid: str) -> None:
        self._known.pop(uid, None)

    def _set(self, uid: str, identity: Identity, repairs: Repairs) -> None:
        if repairs:
            self._known.setdefault(uid, {})[identity] = repairs
        else:
            self.forget(uid, identity)
