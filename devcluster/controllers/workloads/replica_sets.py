"""ReplicaSets: creates and deletes pods to match `replicas`, and counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from devcluster.controllers.framework.actions import (
    Action,
    Create,
    Delete,
    RecordEvent,
    RequeueAfter,
    SetStatus,
    Update,
)
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    annotations_of,
    controller_of,
    is_deleting,
    labels_of,
    name_of,
    owner_reference,
    timestamp,
    with_metadata,
    with_status,
    without_zeros,
)
from devcluster.controllers.framework.pods import (
    is_active,
    is_finished,
    is_ready,
    phase_of,
    seconds_until_available,
)
from devcluster.controllers.framework.selectors import selects
from devcluster.controllers.workloads.pod_templates import pod_from

BURST = 500
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


def reconcile(replica_set: Object, cache: Cache, context: Context) -> Iterator[Action]:
    namespace, selector = replica_set["metadata"]["namespace"], replica_set["spec"]["selector"]
    orphans = [] if is_deleting(replica_set) else cache.orphans("Pod", namespace, selector)
    orphans = [pod for pod in orphans if not is_finished(pod)]
    if orphans:
        yield from adopt(replica_set, "ReplicaSet", "Pod", orphans)
        return  # their change causes another reconciliation
    pods = cache.children("Pod", replica_set["metadata"]["uid"])
    short = sum(map(is_active, pods)) < int(replica_set["spec"].get("replicas", 1))
    failure = context.failure if short else ""
    if failure:
        yield RecordEvent("ReplicaSet", replica_set, "FailedCreate", f"Error creating: {failure}", "Warning")
    yield from new_status(replica_set, pods, context.now, failure)
    if not is_deleting(replica_set):
        yield from scale(replica_set, pods)


def adopt(owner: Object, kind: str, child_kind: str, orphans: Iterable[Object]) -> Iterator[Action]:
    """Adopt objects that match the selector and have no controller."""
    for orphan in orphans:
        references = orphan["metadata"].get("ownerReferences") or []
        yield Update(
            child_kind, with_metadata(orphan, ownerReferences=[*references, owner_reference(owner, kind)])
        )


def scale(replica_set: Object, pods: Sequence[Object]) -> Iterator[Action]:
    """Create missing pods or delete surplus ones, with an event for each."""
    active = [pod for pod in pods if is_active(pod)]
    missing = int(replica_set["spec"].get("replicas", 1)) - len(active)
    created = RecordEvent("ReplicaSet", replica_set, "SuccessfulCreate", "Created pod: {name}")
    for _ in range(min(missing, BURST)):
        yield Create(
            "Pod", pod_from(replica_set, "ReplicaSet", replica_set["spec"]["template"]), event=created
        )
    for pod in deletion_order(active)[: max(-missing, 0)]:
        deleted = RecordEvent("ReplicaSet", replica_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
        yield Delete(Key("Pod", pod["metadata"]["namespace"], name_of(pod)), event=deleted)


def deletion_order(pods: Sequence[Object]) -> list[Object]:
    """The order of deletion: unassigned, not running, unready, low deletion cost, many per node, young."""
    pods_on_node = Counter(pod["spec"].get("nodeName", "") for pod in pods if pod["spec"].get("nodeName"))

    def rank(pod: Object) -> tuple[bool, bool, bool, int, int]:
        node = pod["spec"].get("nodeName", "")
        cost = int(annotations_of(pod).get(DELETION_COST, 0))
        return bool(node), phase_of(pod) == "Running", is_ready(pod), cost, -pods_on_node[node]

    youngest_first = sorted(
        pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True
    )
    return sorted(youngest_first, key=rank)


def new_status(replica_set: Object, pods: Sequence[Object], now: datetime, failure: str) -> Iterator[Action]:
    """Set the status if it differs; requeue when a pod becomes available."""
    active = [pod for pod in pods if is_active(pod)]
    ready = [pod for pod in active if is_ready(pod)]
    rest = [
        seconds_until_available(pod, int(replica_set["spec"].get("minReadySeconds", 0)), now) for pod in ready
    ]
    wanted = (replica_set["spec"]["template"].get("metadata") or {}).get("labels") or {}
    old = replica_set.get("status") or {}
    status = without_zeros(
        {
            "replicas": len(active),
            "fullyLabeledReplicas": sum(wanted.items() <= labels_of(pod).items() for pod in active),
            "readyReplicas": len(ready),
            "availableReplicas": sum(seconds <= 0 for seconds in rest),
            "terminatingReplicas": sum(is_deleting(pod) and not is_finished(pod) for pod in pods),
            "observedGeneration": replica_set["metadata"].get("generation"),
            "conditions": _conditions(old, failure, now),
        },
        keep=("replicas", "terminatingReplicas"),
    )
    if status != old:
        yield SetStatus("ReplicaSet", with_status(replica_set, status))
    waiting = [seconds for seconds in rest if seconds > 0]
    if waiting:
        yield RequeueAfter(min(waiting))


def _conditions(old: Object, failure: str, now: datetime) -> list[Object]:
    others = [condition for condition in old.get("conditions") or () if condition["type"] != "ReplicaFailure"]
    if not failure:
        return others
    known = next((each for each in old.get("conditions") or () if each["type"] == "ReplicaFailure"), None)
    if known and known["message"] == failure:
        return [*others, known]
    condition = {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": timestamp(now)}
    return [*others, condition | {"reason": "FailedCreate", "message": failure}]


def _matching_replica_sets(pod: Object, cache: Cache) -> Iterator[Key]:
    """Replica sets that may adopt a pod without a controller."""
    if controller_of(pod) is None:
        for candidate in cache.in_namespace("ReplicaSet", pod["metadata"]["namespace"]):
            if selects(candidate["spec"]["selector"], labels_of(pod)):
                yield Key("ReplicaSet", pod["metadata"]["namespace"], name_of(candidate))


CONTROLLER = Controller(
    name="replicaset-controller",
    kind="ReplicaSet",
    reconcile=reconcile,
    owns=("Pod",),
    watches={"Pod": _matching_replica_sets},
)
