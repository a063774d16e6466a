"""Conflicts: what an instance wants of a resource, and something else wants otherwise.

The resource exists and may work, so nothing is refused; the instance is degraded, and a condition says who
else claims what.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from reconciler.objects.accessors import Reference
from reconciler.plan.repairs import conflict_message
from reconciler.status.outcome import Reconciled

ConflictType = Literal["FieldConflict", "HostConflict"]
TYPES: tuple[ConflictType, ...] = ("FieldConflict", "HostConflict")
REASONS: dict[ConflictType, str] = {"FieldConflict": "RepeatedRepairs", "HostConflict": "ClaimedEarlier"}


class Conflict(NamedTuple):
    """``type``: that of the condition."""

    type: ConflictType
    message: str


def conflicts_of(outcome: Reconciled, reference: Reference) -> tuple[Conflict, ...]:
    """The conflicts of one desired object."""
    hosts = outcome.host_conflicts.get(reference.identity, "")
    found = [Conflict("HostConflict", hosts)] if hosts else []
    for repairs in outcome.repairs.get(reference.identity, ()):
        if repairs.is_conflict:
            found.append(Conflict("FieldConflict", conflict_message(reference.display_name, repairs)))
    return tuple(found)
