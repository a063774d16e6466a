"""Lines for an instance's history, in words. Pure but for the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.engine.snapshot import Note
from reconciler.objects.reading import Manifest, uid_of, version_of
from reconciler.plan import Apply


def note_of(step: Apply, live: Manifest) -> Note:
    what = step.reference.words
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
    return Note(reason, message, uid, warning=step.why == "repair", node=step.node, resource=step.reference)


def timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
