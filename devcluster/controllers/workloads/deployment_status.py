"""The status of Deployments: sums over the replica sets, and the conditions of the rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from devcluster.controllers.framework.objects import (
    Object,
    condition_of,
    name_of,
    seconds_since,
    timestamp,
    with_condition,
    without_zeros,
)
from devcluster.controllers.workloads.rollout import Bounds, size_of

DONE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
MOVED = "ReplicaSetUpdated"


def status_of(
    deployment: Object, new: Object | None, old: Sequence[Object], bounds: Bounds, now: datetime
) -> Object:
    """The status, with conditions in the order Available, Progressing, ReplicaFailure."""
    replica_sets = [*old, new] if new else list(old)
    counts = {
        "replicas": _sum(replica_sets, "replicas"),
        "updatedReplicas": _sum([new] if new else [], "replicas"),
        "readyReplicas": _sum(replica_sets, "readyReplicas"),
        "availableReplicas": _sum(replica_sets, "availableReplicas"),
        "terminatingReplicas": _sum(replica_sets, "terminatingReplicas"),
    }
    before = deployment.get("status") or {}
    found = {
        "Available": _available(counts, bounds),
        "Progressing": _progressing(deployment, new, counts, now),
        "ReplicaFailure": _failure(replica_sets),
    }
    status = {
        "observedGeneration": deployment["metadata"].get("generation"),
        **counts,
        "unavailableReplicas": max(sum(map(size_of, replica_sets)) - counts["availableReplicas"], 0),
        "collisionCount": before.get("collisionCount"),
        "conditions": _conditions(deployment, found, now),
    }
    return without_zeros(status, keep=("terminatingReplicas",))


def is_complete(deployment: Object, counts: Object) -> bool:
    """Whether every desired pod is updated and available, and no old pod remains."""
    desired = int(deployment["spec"].get("replicas", 1))
    return all(
        int(counts.get(field, 0)) == desired for field in ("updatedReplicas", "replicas", "availableReplicas")
    )


def deadline_in(deployment: Object, now: datetime) -> float | None:
    """Seconds until a rollout without progress fails; None if there is no deadline."""
    progressing = condition_of(deployment, "Progressing")
    deadline = deployment["spec"].get("progressDeadlineSeconds")
    if (
        deadline is None
        or progressing is None
        or progressing["reason"] in (DONE, TIMED_OUT, "DeploymentPaused")
    ):
        return None
    return max(0.0, int(deadline) - seconds_since(progressing.get("lastUpdateTime"), now)) + 1.0


def _sum(replica_sets: Sequence[Object], field: str) -> int:
    return sum(int((each.get("status") or {}).get(field, 0)) for each in replica_sets)


def _conditions(deployment: Object, found: Mapping[str, Object | None], now: datetime) -> list[Object]:
    """The conditions with those in `found`, by type: None removes one, an empty one leaves it unchanged."""
    conditions = list((deployment.get("status") or {}).get("conditions") or ())
    for kind, condition in found.items():
        if condition is None:
            conditions = [each for each in conditions if each["type"] != kind]
        elif condition:
            stamped = {"type": kind, "lastUpdateTime": timestamp(now), **condition}
            conditions = with_condition(conditions, stamped, now, touch=condition["reason"] == MOVED)
    return sorted(
        conditions, key=lambda each: [*found].index(each["type"]) if each["type"] in found else len(found)
    )


def _available(counts: Object, bounds: Bounds) -> Object:
    if counts["availableReplicas"] >= bounds.min_available:
        message = "Deployment has minimum availability."
        return {"status": "True", "reason": "MinimumReplicasAvailable", "message": message}
    message = "Deployment does not have minimum availability."
    return {"status": "False", "reason": "MinimumReplicasUnavailable", "message": message}


def _progressing(deployment: Object, new: Object | None, counts: Object, now: datetime) -> Object | None:
    """The condition Progressing. None removes it; an empty one leaves it unchanged."""
    if deployment["spec"].get("progressDeadlineSeconds") is None:
        return None
    old = condition_of(deployment, "Progressing") or {}
    if deployment["spec"].get("paused"):
        if old.get("reason") == TIMED_OUT:
            return {}
        return {"status": "Unknown", "reason": "DeploymentPaused", "message": "Deployment is paused"}
    if old.get("reason") == "DeploymentPaused":
        return {"status": "Unknown", "reason": "DeploymentResumed", "message": "Deployment is resumed"}
    return _rollout_progress(deployment, new, counts, now) if new is not None else {}


def _rollout_progress(deployment: Object, new: Object, counts: Object, now: datetime) -> Object:
    old = condition_of(deployment, "Progressing") or {}
    quoted = f'"{name_of(new)}"'
    known = quoted in old.get("message", "")
    if known and old.get("reason") == DONE:
        return {}
    if is_complete(deployment, counts):
        return {
            "status": "True",
            "reason": DONE,
            "message": f"ReplicaSet {quoted} has successfully progressed.",
        }
    if not known:
        return _started(quoted, resumed=old.get("reason") == "DeploymentResumed")
    if _has_moved(deployment.get("status") or {}, counts):
        return {"status": "True", "reason": MOVED, "message": f"ReplicaSet {quoted} is progressing."}
    deadline = int(deployment["spec"]["progressDeadlineSeconds"])
    if old.get("reason") != TIMED_OUT and seconds_since(old.get("lastUpdateTime"), now) > deadline:
        return {
            "status": "False",
            "reason": TIMED_OUT,
            "message": f"ReplicaSet {quoted} has timed out progressing.",
        }
    return {}


def _started(quoted: str, *, resumed: bool) -> Object:
    if resumed:
        return {
            "status": "True",
            "reason": "FoundNewReplicaSet",
            "message": f"Found new replica set {quoted}",
        }
    return {
        "status": "True",
        "reason": "NewReplicaSetCreated",
        "message": f"Created new replica set {quoted}",
    }


def _has_moved(before: Object, counts: Object) -> bool:
    """Whether there are more updated, fewer old, or more ready or available pods."""

    def more(field: str) -> bool:
        return int(counts[field]) > int(before.get(field, 0))

    old_pods = int(before.get("replicas", 0)) - int(before.get("updatedReplicas", 0))
    fewer_old = counts["replicas"] - counts["updatedReplicas"] < old_pods
    return fewer_old or any(map(more, ("updatedReplicas", "readyReplicas", "availableReplicas")))


def _failure(replica_sets: Sequence[Object]) -> Object | None:
    """The condition ReplicaFailure of a replica set, for the Deployment."""
    found = next(
        filter(None, (condition_of(each, "ReplicaFailure") for each in reversed(replica_sets))), None
    )
    return {field: found[field] for field in ("status", "reason", "message")} if found else None
