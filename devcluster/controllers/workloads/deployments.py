"""Deployments: one replica set per pod template, rolled out by the strategy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    key_of,
    labels_of,
    name_of,
    owner_reference,
    uid_of,
    with_metadata,
    with_spec,
    with_status,
)
from devcluster.controllers.framework.pods import is_finished
from devcluster.controllers.framework.selectors import selects
from devcluster.controllers.workloads.deployment_status import deadline_in, is_complete, status_of
from devcluster.controllers.workloads.pod_templates import hash_of, with_label, without_label
from devcluster.controllers.workloads.replica_sets import adopt
from devcluster.controllers.workloads.rollout import (
    DESIRED,
    MAXIMUM,
    Bounds,
    bounds_of,
    initial_size,
    is_resized,
    recreate_sizes,
    rolling_update_sizes,
    scaled_sizes,
    size_of,
)

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
NOT_INHERITED = (
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAXIMUM,
    "deprecated.deployment.rollback.to",
)  # fmt: skip


def reconcile(deployment: Object, cache: Cache, context: Context) -> Iterator[Action]:
    namespace, selector = deployment["metadata"]["namespace"], deployment["spec"]["selector"]
    orphans = [] if is_deleting(deployment) else cache.orphans("ReplicaSet", namespace, selector)
    if orphans:
        yield from adopt(deployment, "Deployment", "ReplicaSet", orphans)
        return  # their change causes another reconciliation
    replica_sets = cache.children("ReplicaSet", uid_of(deployment))
    new, old = split_replica_sets(deployment, replica_sets)
    bounds = bounds_of(deployment)
    if not is_deleting(deployment):
        old_pods = sum(not is_finished(pod) for each in old for pod in cache.children("Pod", uid_of(each)))
        yield from roll_out(deployment, new, old, bounds, old_pods)
    status = status_of(deployment, new, old, bounds, context.now)
    if status != (deployment.get("status") or {}):
        yield SetStatus("Deployment", with_status(deployment, status))
    deadline = deadline_in(with_status(deployment, status), context.now)
    if deadline is not None:
        yield RequeueAfter(deadline)


def roll_out(
    deployment: Object, new: Object | None, old: Sequence[Object], bounds: Bounds, old_pods: int
) -> Iterator[Action]:
    """The next step of a rollout, a scaling, or the deletion of old replica sets."""
    paused = bool(deployment["spec"].get("paused"))
    if is_resized(deployment, [*old, new] if new else old):
        sizes = scaled_sizes(bounds, new, old)
        yield from apply_sizes(deployment, [*old, new] if new else old, sizes, bounds)
        return
    if new is None:
        if not paused and not _waits_for_old_pods(deployment, old, old_pods):
            yield from create_replica_set(deployment, old, bounds)
        elif not paused:
            yield from apply_sizes(deployment, old, recreate_sizes(bounds, None, old, old_pods), bounds)
        return
    numbered = list(update_revision(deployment, new, old))
    yield from numbered
    if numbered or paused:
        return  # the write causes another reconciliation
    if _recreates(deployment):
        sizes = recreate_sizes(bounds, new, old, old_pods)
    else:
        sizes = rolling_update_sizes(bounds, new, old)
    yield from apply_sizes(deployment, [*old, new], sizes, bounds)
    if not sizes and is_complete(deployment, deployment.get("status") or {}):
        yield from clean_up_history(deployment, old)


def split_replica_sets(
    deployment: Object, replica_sets: Sequence[Object]
) -> tuple[Object | None, list[Object]]:
    """The replica set of the current template, and the others, oldest first."""
    in_order = sorted(
        replica_sets, key=lambda each: (str(each["metadata"].get("creationTimestamp")), name_of(each))
    )
    desired = without_label(deployment["spec"]["template"], HASH)
    new = next((each for each in in_order if without_label(each["spec"]["template"], HASH) == desired), None)
    return new, [each for each in in_order if each is not new]


def create_replica_set(deployment: Object, old: Sequence[Object], bounds: Bounds) -> Iterator[Action]:
    """Create the replica set of the current template with its initial size."""
    template = deployment["spec"]["template"]
    digest = hash_of(template, int((deployment.get("status") or {}).get("collisionCount", 0)))
    size, name = initial_size(bounds, old), f"{name_of(deployment)}-{digest}"
    selector = deployment["spec"]["selector"]
    spec: Object = {
        "replicas": size,
        "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: digest}},
        "template": with_label(template, HASH, digest),
    }
    if deployment["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
    metadata = {
        "name": name,
        "namespace": deployment["metadata"]["namespace"],
        "labels": labels_of(spec["template"]),
        "annotations": _inherited_annotations(deployment)
        | _size_annotations(bounds)
        | {REVISION: str(_last_revision(old) + 1)},
        "ownerReferences": [owner_reference(deployment, "Deployment")],
    }
    event = _scaling_event(deployment, name, 0, size) if size else None
    yield Create("ReplicaSet", {"metadata": metadata, "spec": spec}, event=event)


def update_revision(deployment: Object, new: Object, old: Sequence[Object]) -> Iterator[Action]:
    """Set the highest revision on the new replica set, and the same one on the Deployment."""
    known = annotations_of(new).get(REVISION, "")
    revision = known if known and int(known) > _last_revision(old) else str(_last_revision(old) + 1)
    if revision != known:
        past = annotations_of(new).get(HISTORY)
        history = {HISTORY: f"{past},{known}" if past else known} if known else {}
        annotations = {
            **annotations_of(new),
            **_inherited_annotations(deployment),
            REVISION: revision,
            **history,
        }
        yield Update("ReplicaSet", with_metadata(new, annotations=annotations))
    if annotations_of(deployment).get(REVISION) != revision:
        annotations = {**annotations_of(deployment), REVISION: revision}
        yield Update("Deployment", with_metadata(deployment, annotations=annotations))


def apply_sizes(
    deployment: Object, replica_sets: Sequence[Object], sizes: dict[str, int], bounds: Bounds
) -> Iterator[Action]:
    """Update the sizes that differ, and record the bounds on all replica sets with pods."""
    for each in replica_sets:
        before, after = size_of(each), sizes.get(name_of(each), size_of(each))
        annotations = {**annotations_of(each), **_size_annotations(bounds)}
        stale = bool(before and sizes) and annotations != annotations_of(each)
        if before != after or stale:
            event = _scaling_event(deployment, name_of(each), before, after) if before != after else None
            yield Update(
                "ReplicaSet", with_spec(with_metadata(each, annotations=annotations), replicas=after), event
            )


def clean_up_history(deployment: Object, old: Sequence[Object]) -> Iterator[Action]:
    """Delete the oldest empty replica sets beyond `revisionHistoryLimit`."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    empty = [each for each in old if not size_of(each) and not (each.get("status") or {}).get("replicas")]
    by_revision = sorted(empty, key=lambda each: int(annotations_of(each).get(REVISION, 0)))
    for each in by_revision[: max(len(old) - int(limit), 0)] if limit is not None else ():
        if not is_deleting(each):
            yield Delete(key_of(each, "ReplicaSet"))


def _recreates(deployment: Object) -> bool:
    return (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"


def _waits_for_old_pods(deployment: Object, old: Sequence[Object], old_pods: int) -> bool:
    return _recreates(deployment) and bool(old_pods or sum(map(size_of, old)))


def _last_revision(replica_sets: Sequence[Object]) -> int:
    return max((int(annotations_of(each).get(REVISION, 0)) for each in replica_sets), default=0)


def _inherited_annotations(deployment: Object) -> dict[str, str]:
    return {
        name: message for name, message in annotations_of(deployment).items() if name not in NOT_INHERITED
    }


def _size_annotations(bounds: Bounds) -> dict[str, str]:
    return {DESIRED: str(bounds.desired), MAXIMUM: str(bounds.maximum)}


def _scaling_event(deployment: Object, replica_set: str, before: int, after: int) -> RecordEvent:
    direction = "up" if after > before else "down"
    message = f"Scaled {direction} replica set {replica_set} from {before} to {after}"
    return RecordEvent("Deployment", deployment, "ScalingReplicaSet", message)


def _matching_deployments(replica_set: Object, cache: Cache) -> Iterator[Key]:
    """Deployments that may adopt a replica set without a controller."""
    if controller_of(replica_set) is None:
        for candidate in cache.in_namespace("Deployment", replica_set["metadata"]["namespace"]):
            if selects(candidate["spec"]["selector"], labels_of(replica_set)):
                yield key_of(candidate, "Deployment")


def _recreating_deployments(pod: Object, cache: Cache) -> Iterator[Key]:
    """The Deployment of a pod, if its strategy is Recreate, which waits for the deletion of old pods."""
    owner = controller_of(pod)
    if owner is not None and owner["kind"] == "ReplicaSet":
        replica_set = cache.get("ReplicaSet", pod["metadata"]["namespace"], owner["name"])
        above = controller_of(replica_set) if replica_set else None
        deployment = cache.get("Deployment", pod["metadata"]["namespace"], above["name"]) if above else None
        if deployment is not None and _recreates(deployment):
            yield key_of(deployment, "Deployment")


CONTROLLER = Controller(
    name="deployment-controller",
    kind="Deployment",
    reconcile=reconcile,
    owns=("ReplicaSet",),
    watches={"ReplicaSet": _matching_deployments, "Pod": _recreating_deployments},
)
