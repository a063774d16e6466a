"""Objects that run once: what has finished is not run again because Kubernetes deleted it afterwards.

The TTL controller deletes a Job that has ``ttlSecondsAfterFinished``, and the garbage collector completed
Pods. Creating such an object again would run it again, for ever. Who deleted it cannot be observed, so a
deletion by hand counts the same. It is created again when its template renders to something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from reconciler.objects.accessors import Manifest, annotations_of, condition_of, labels_of, uid_of
from reconciler.objects.names import OWNERSHIP_ANNOTATIONS, OWNERSHIP_LABELS
from reconciler.plan.compare import digest

COLLECTED = "It has finished, and was deleted afterwards. It runs again when its template changes."


@dataclass(frozen=True, slots=True)
class Finished:
    """How an object finished. ``template``: digest of what it was rendered from. ``status``: its last one."""

    uid: str
    template: str
    status: Mapping[str, Any] = field(repr=False)

    def is_of(self, body: Manifest) -> bool:
        return self.template == template_digest(body)

    def as_object(self, body: Manifest) -> dict[str, Any]:
        """The object as it was observed last, for expressions that read it."""
        metadata = {**body["metadata"], "uid": self.uid}
        return {**body, "metadata": metadata, "status": dict(self.status)}

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def finished(body: Manifest, live: Manifest, known: Finished | None) -> Finished | None:
    """How a live object finished, if Kubernetes may delete it for that. ``known``: what is known so far.

    ``body``: what it is as. When its template changes later, what is known remains.
    """
    if not has_finished(live):
        return None
    if known is not None and known.uid == uid_of(live):
        return known
    return Finished(uid_of(live), template_digest(body), live.get("status") or {})


def finished_unseen(body: Manifest, last: Manifest | None) -> Finished | None:
    """How an object finished that was deleted before a pass saw it. ``last``: its state at its deletion."""
    return finished(body, last, None) if last is not None else None


def has_finished(live: Manifest) -> bool:
    spec, status = live.get("spec") or {}, live.get("status") or {}
    match live.get("apiVersion"), live.get("kind"):
        case "batch/v1", "Job":
            ends = [condition_of(live, kind) for kind in ("Complete", "Failed")]
            has_ended = any(end is not None and end.get("status") == "True" for end in ends)
            return has_ended and spec.get("ttlSecondsAfterFinished") is not None
        case "v1", "Pod":
            return bool(status.get("phase") == "Succeeded" and spec.get("restartPolicy") != "Always")
    return False


def template_digest(body: Manifest) -> str:
    """Of what the contract renders, without what Slipway adds. Too short to find a Secret's value with it."""
    metadata = {
        **body["metadata"],
        "labels": {key: value for key, value in labels_of(body).items() if key not in OWNERSHIP_LABELS},
        "annotations": {
            key: value for key, value in annotations_of(body).items() if key not in OWNERSHIP_ANNOTATIONS
        },
    }
    return digest({**body, "metadata": metadata})[:8]
