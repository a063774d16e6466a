"""Accessors for pods."""

from __future__ import annotations

from datetime import datetime

from devcluster.controllers.framework.objects import Object, condition_of, is_deleting, is_true, seconds_since

FINISHED = ("Succeeded", "Failed")


def phase_of(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase") or "Pending")


def is_finished(pod: Object) -> bool:
    return phase_of(pod) in FINISHED


def is_active(pod: Object) -> bool:
    """Whether it counts towards the replicas of its owner: neither finished nor being deleted."""
    return not is_finished(pod) and not is_deleting(pod)


def is_ready(pod: Object) -> bool:
    return is_true(pod, "Ready")


def is_available(pod: Object, min_ready_seconds: int, now: datetime) -> bool:
    """Whether it has been ready for long enough."""
    return is_ready(pod) and seconds_until_available(pod, min_ready_seconds, now) <= 0


def seconds_until_available(pod: Object, min_ready_seconds: int, now: datetime) -> float:
    """How much longer a ready pod must stay ready to be available; 0 if it is."""
    if not min_ready_seconds:
        return 0.0
    ready = condition_of(pod, "Ready") or {}
    return max(0.0, min_ready_seconds - seconds_since(ready.get("lastTransitionTime"), now))
