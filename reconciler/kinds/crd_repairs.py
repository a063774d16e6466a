"""Decide when a generated definition is applied again, because something else changed it.

The first repair is immediate. When the definition is changed again within ``QUIET``, two managers may be
fighting over it, so each further repair waits twice as long as the one before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.base.backoff import exponential_backoff
from reconciler.objects.accessors import Manifest, annotations_of, name_of, uid_of, version_of
from reconciler.objects.names import CONTRACT_MANAGER, DIGEST
from reconciler.plan import LastApplied, field_differences, last_applied
from reconciler.plan.compare import digest
from reconciler.plan.instance import writers

FIRST_WAIT, LONGEST_WAIT, QUIET = 2.0, 300.0, 600.0  # seconds


@dataclass(frozen=True, slots=True)
class Drift:
    """Fields of a definition that are not as desired. ``by``: the field manager that changed them last.

    ``wait``: seconds until the next repair; 0 when it is due.
    """

    fields: tuple[str, ...]
    by: str
    wait: float = 0.0


@dataclass(slots=True)
class Repaired:
    """What was last applied to a definition, and how often and when it was repaired last."""

    applied: LastApplied
    repairs: int = 0
    at: float = 0.0


class CrdRepairs:
    """Remembers per definition what was applied. Losing it costs one apply."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, Repaired] = {}
        self._as_desired: dict[str, tuple[str, ...]] = {}  # name → what was compared last, without drift

    def drift(self, desired: Manifest, live: Manifest) -> Drift | None:
        """What has to be applied, and when; None when the definition is as desired."""
        name = name_of(desired)
        compared = (annotations_of(desired).get(DIGEST, ""), uid_of(live), version_of(live))
        if self._as_desired.get(name) == compared:
            return None
        found = field_differences(desired, live, CONTRACT_MANAGER)
        known = self._known.get(name)
        is_new = known is None or known.applied.desired != digest(desired)
        if known is not None and not is_new:
            found = known.applied.drift(found)
        if not found:
            self._as_desired[name] = compared
            return None
        fields = tuple(field_difference.path for field_difference in found)
        if known is None or is_new:
            return Drift(fields, "")
        return Drift(fields, writers(live, found, CONTRACT_MANAGER), self._wait(known))

    def record(self, desired: Manifest, live: Manifest, drift: Drift | None) -> None:
        """``live``: the answer of the apply. ``drift``: what it repaired, None for a creation."""
        applied, known = last_applied(desired, live, CONTRACT_MANAGER), self._known.get(name_of(desired))
        if drift is None or known is None or known.applied.desired != applied.desired:
            self._known[name_of(desired)] = Repaired(applied)
            return
        quiet = self._clock() - known.at > QUIET
        self._known[name_of(desired)] = Repaired(applied, 1 if quiet else known.repairs + 1, self._clock())

    def _wait(self, known: Repaired) -> float:
        since = self._clock() - known.at
        if not known.repairs or since > QUIET:
            return 0.0
        wait = exponential_backoff(known.repairs, FIRST_WAIT, LONGEST_WAIT)
        return max(0.0, wait - since)
