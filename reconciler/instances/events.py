"""Lines for an instance's history, in words. Pure but for the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from contracts.problems import Problem
from reconciler.objects.accessors import Manifest, generation_of, uid_of, version_of
from reconciler.plan import Apply
from reconciler.status.snapshot import EventRecord


def record_of(step: Apply, live: Manifest) -> EventRecord:
    what = step.reference.display_name
    fields = ", ".join(step.fields[:5]) + (
        f" and {len(step.fields) - 5} more" if len(step.fields) > 5 else ""
    )
    by = f" by {step.by}" if step.by else ""
    reason, message = {
        "create": ("Created", f"Created {what}."),
        "adopt": ("Adopted", f"Took over {what}, which was there before{by}."),
        "update": ("Updated", f"Updated {what}: {fields}."),
        "repair": ("DriftRepaired", f"Repaired {what}, which had been changed{by}: {fields}."),
    }[step.why]
    uid = f"{uid_of(live)}:{version_of(live)}:{reason}"
    return EventRecord(
        reason, message, uid, warning=step.why == "repair", node=step.node, resource=step.reference
    )


def status_records(instance: Manifest, problems: Sequence[Problem]) -> list[EventRecord]:
    """Fields and conditions of the status that cannot be told, once for every change of the instance."""
    return [
        EventRecord(
            "StatusIncomplete",
            f"{problem.path}: {problem.message}",
            f"{uid_of(instance)}:{generation_of(instance)}:{problem.code}:{problem.path}",
            warning=True,
        )
        for problem in problems
        if problem.path.startswith("status")
    ]


def timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
