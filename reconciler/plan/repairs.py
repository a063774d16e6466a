"""Repairs of one field that do not last: another field manager wants another value.

A single change is repaired at once. Each further repair of the same field to the same value waits twice as
long as the one before, so that a conflict costs little, and is reported with both managers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from contracts.documents.paths import get
from reconciler.base.backoff import exponential_backoff
from reconciler.objects.accessors import Manifest
from reconciler.objects.names import CHILDREN_MANAGER
from reconciler.plan.compare import FieldDifference, Label, digest, format_path

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # seconds from one repair to the next
QUIET = 120.0  # seconds after a repair in which another change of the field continues the series
REPORTED = 3  # changes in a row that make a conflict


@dataclass(frozen=True, slots=True)
class FieldRepairs:
    """The repairs of a field in a row.

    ``by``: the manager that changed it last. ``desired``: short digest of the desired value. ``first`` and
    ``last``: the times of the first and the last repair, in seconds since the epoch. ``undone``: it was
    changed again.
    """

    labels: tuple[Label, ...]
    by: str
    desired: str
    repairs: int
    first: float
    last: float
    undone: bool = False

    @property
    def path(self) -> str:
        return format_path(self.labels)

    @property
    def is_conflict(self) -> bool:
        return self.repairs + self.undone >= REPORTED

    def concerns(self, difference: FieldDifference) -> bool:
        return self.labels == difference.labels and self.desired == short_digest(difference.desired)

    def wait(self, now: float) -> float:
        """Seconds until the next repair is due."""
        return max(0.0, self.next_repair - now)

    @property
    def next_repair(self) -> float:
        return self.last + exponential_backoff(self.repairs, FIRST_WAIT, LONGEST_WAIT)

    def not_after(self, now: float) -> FieldRepairs:
        return self if self.last <= now else replace(self, first=min(self.first, now), last=now)

    def is_over(self, now: float) -> bool:
        """Whether the field has kept the desired value."""
        return not self.undone and now - self.last > QUIET

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


Repairs = tuple[FieldRepairs, ...]


def repairs_from(stored: Iterable[Mapping[str, Any]]) -> Repairs:
    """The inverse of ``as_dict``."""
    return tuple(FieldRepairs(**{**one, "labels": tuple(one["labels"])}) for one in stored)


def due_in(known: Repairs, differences: Iterable[FieldDifference], now: float) -> float:
    """Seconds until an apply of these differences is due: the earliest of its fields counts."""
    waits = []
    for difference in differences:
        found = [one for one in known if one.concerns(difference) and not one.is_over(now)]
        waits.append(found[0].wait(now) if found else 0.0)
    return min(waits, default=0.0)


def repaired(known: Repairs, differences: Iterable[FieldDifference], by: str, now: float) -> Repairs:
    """After these fields were repaired."""
    series = {one.labels: one for one in known}
    for difference in differences:
        old = series.get(difference.labels)
        if difference.kind == "undesired":
            continue  # it is given up, so there is nothing to repair again
        if old is None or not old.concerns(difference) or old.is_over(now):
            old = FieldRepairs(difference.labels, by, short_digest(difference.desired), 0, now, now)
        series[difference.labels] = replace(
            old, by=by or old.by, repairs=old.repairs + 1, last=now, undone=False
        )
    return tuple(series.values())


def observed(known: Repairs, desired: Manifest, drift: Collection[tuple[Label, ...]], now: float) -> Repairs:
    """After a pass. ``drift``: each field that differs and is not repaired yet."""
    kept = []
    for one in known:
        if one.is_over(now) or short_digest(get(desired, one.labels)) != one.desired:
            continue
        kept.append(replace(one, undone=one.labels in drift))
    return tuple(kept)


def short_digest(value: Any) -> str:
    """Tells another value from this one; too short to find the value of a Secret with it, for the rows."""
    return digest(value)[:4]


def conflict_message(what: str, repairs: FieldRepairs) -> str:
    """Which two managers want different values of which field, and what to do."""
    by = repairs.by or "Another field manager"
    return (
        f"{by} and {CHILDREN_MANAGER} both set {repairs.path} of {what}, and undo each other's changes. "
        f"Repairs slow down to one in {LONGEST_WAIT / 60:.0f} minutes. Leave the field out of the contract's "
        "template, or stop the other manager."
    )
