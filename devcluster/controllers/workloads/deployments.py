"""Deployment: one replica set per pod template, moved towards the newest by the strategy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devcluster.controllers.framework.actions import (
    Action,
    Create,
    Delete,
    LookAgain,
    Record,
    SetStatus,
    Update,
)
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
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
    first_size,
    is_resized,
    recreated,
    resized,
    rolled,
    size_of,
)

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
NOT_INHERITED = (
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAXIMUM,
    "deprecated.deployment.rollback.to",
)  # fmt: skip


def decide(deployment: Object, view: View, turn: Turn) -> Iterator[Action]:
    namespace, selector = deployment["metadata"]["namespace"], deployment["spec"]["selector"]
    orphans = [] if is_deleting(deployment) else view.orphans("ReplicaSet", namespace, selector)
    if orphans:
        yield from adopt(deployment, "Deployment", "ReplicaSet", orphans)
        return  # the adopted wake this again
    replica_sets = view.children("ReplicaSet", uid_of(deployment))
    new, old = newest(deployment, replica_sets)
    bounds = bounds_of(deployment)
    if not is_deleting(deployment):
        old_pods = sum(not is_finished(pod) for each in old for pod in view.children("Pod", uid_of(each)))
        yield from roll_out(deployment, new, old, bounds, old_pods)
    status = status_of(deployment, new, old, bounds, turn.now)
    if status != (deployment.get("status") or {}):
        yield SetStatus("Deployment", with_status(deployment, status))
    deadline = deadline_in(with_status(deployment, status), turn.now)
    if deadline is not None:
        yield LookAgain(deadline)


def roll_out(
    deployment: Object, new: Object | None, old: Sequence[Object], bounds: Bounds, old_pods: int
) -> Iterator[Action]:
    """The next step of a rollout, or of a change of size, or the clearing of what is too old to keep."""
    paused = bool(deployment["spec"].get("paused"))
    if is_resized(deployment, [*old, new] if new else old):
        sizes = resized(bounds, new, old)
        yield from apply_sizes(deployment, [*old, new] if new else old, sizes, bounds)
        return
    if new is None:
        if not paused and not _must_wait(deployment, old, old_pods):
            yield from start(deployment, old, bounds)
        elif not paused:
            yield from apply_sizes(deployment, old, recreated(bounds, None, old, old_pods), bounds)
        return
    numbered = list(number(deployment, new, old))
    yield from numbered
    if numbered or paused:
        return  # what was written wakes this again
    if _recreates(deployment):
        sizes = recreated(bounds, new, old, old_pods)
    else:
        sizes = rolled(bounds, new, old)
    yield from apply_sizes(deployment, [*old, new], sizes, bounds)
    if not sizes and is_complete(deployment, deployment.get("status") or {}):
        yield from clear(deployment, old)


def newest(deployment: Object, replica_sets: Sequence[Object]) -> tuple[Object | None, list[Object]]:
    """The replica set of the current template, and the others, oldest first."""
    in_order = sorted(
        replica_sets, key=lambda each: (str(each["metadata"].get("creationTimestamp")), name_of(each))
    )
    wanted = without_label(deployment["spec"]["template"], HASH)
    new = next((each for each in in_order if without_label(each["spec"]["template"], HASH) == wanted), None)
    return new, [each for each in in_order if each is not new]


def start(deployment: Object, old: Sequence[Object], bounds: Bounds) -> Iterator[Action]:
    """Create the replica set of the current template, as large as it may be at once."""
    template = deployment["spec"]["template"]
    digest = hash_of(template, int((deployment.get("status") or {}).get("collisionCount", 0)))
    size, name = first_size(bounds, old), f"{name_of(deployment)}-{digest}"
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
        "annotations": _inherited(deployment) | _sizes(bounds) | {REVISION: str(_last_revision(old) + 1)},
        "ownerReferences": [owner_reference(deployment, "Deployment")],
    }
    event = _scaled(deployment, name, 0, size) if size else None
    yield Create("ReplicaSet", {"metadata": metadata, "spec": spec}, event=event)


def number(deployment: Object, new: Object, old: Sequence[Object]) -> Iterator[Action]:
    """Give the newest replica set the highest revision, and the Deployment the same one."""
    known = annotations_of(new).get(REVISION, "")
    revision = known if known and int(known) > _last_revision(old) else str(_last_revision(old) + 1)
    if revision != known:
        past = annotations_of(new).get(HISTORY)
        history = {HISTORY: f"{past},{known}" if past else known} if known else {}
        annotations = {**annotations_of(new), **_inherited(deployment), REVISION: revision, **history}
        yield Update("ReplicaSet", with_metadata(new, annotations=annotations))
    if annotations_of(deployment).get(REVISION) != revision:
        annotations = {**annotations_of(deployment), REVISION: revision}
        yield Update("Deployment", with_metadata(deployment, annotations=annotations))


def apply_sizes(
    deployment: Object, replica_sets: Sequence[Object], sizes: dict[str, int], bounds: Bounds
) -> Iterator[Action]:
    """Write sizes that differ, and on all running sets the bounds that they were sized by."""
    for each in replica_sets:
        before, after = size_of(each), sizes.get(name_of(each), size_of(each))
        annotations = {**annotations_of(each), **_sizes(bounds)}
        stale = bool(before and sizes) and annotations != annotations_of(each)
        if before != after or stale:
            event = _scaled(deployment, name_of(each), before, after) if before != after else None
            yield Update(
                "ReplicaSet", with_spec(with_metadata(each, annotations=annotations), replicas=after), event
            )


def clear(deployment: Object, old: Sequence[Object]) -> Iterator[Action]:
    """Delete the oldest empty replica sets beyond `revisionHistoryLimit`."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    empty = [each for each in old if not size_of(each) and not (each.get("status") or {}).get("replicas")]
    by_revision = sorted(empty, key=lambda each: int(annotations_of(each).get(REVISION, 0)))
    for each in by_revision[: max(len(old) - int(limit), 0)] if limit is not None else ():
        if not is_deleting(each):
            yield Delete(key_of(each, "ReplicaSet"))


def _recreates(deployment: Object) -> bool:
    return (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"


def _must_wait(deployment: Object, old: Sequence[Object], old_pods: int) -> bool:
    return _recreates(deployment) and bool(old_pods or sum(map(size_of, old)))


def _last_revision(replica_sets: Sequence[Object]) -> int:
    return max((int(annotations_of(each).get(REVISION, 0)) for each in replica_sets), default=0)


def _inherited(deployment: Object) -> dict[str, str]:
    return {name: text for name, text in annotations_of(deployment).items() if name not in NOT_INHERITED}


def _sizes(bounds: Bounds) -> dict[str, str]:
    return {DESIRED: str(bounds.wanted), MAXIMUM: str(bounds.most)}


def _scaled(deployment: Object, replica_set: str, before: int, after: int) -> Record:
    direction = "up" if after > before else "down"
    text = f"Scaled {direction} replica set {replica_set} from {before} to {after}"
    return Record("Deployment", deployment, "ScalingReplicaSet", text)


def _adopting(replica_set: Object, view: View) -> Iterator[Key]:
    """A replica set that nobody controls may be one that a Deployment adopts."""
    if controller_of(replica_set) is None:
        for candidate in view.inside("Deployment", replica_set["metadata"]["namespace"]):
            if selects(candidate["spec"]["selector"], labels_of(replica_set)):
                yield key_of(candidate, "Deployment")


def _of_recreated(pod: Object, view: View) -> Iterator[Key]:
    """Recreate waits for pods, which are a Deployment's grandchildren."""
    owner = controller_of(pod)
    if owner is not None and owner["kind"] == "ReplicaSet":
        replica_set = view.get("ReplicaSet", pod["metadata"]["namespace"], owner["name"])
        above = controller_of(replica_set) if replica_set else None
        deployment = view.get("Deployment", pod["metadata"]["namespace"], above["name"]) if above else None
        if deployment is not None and _recreates(deployment):
            yield key_of(deployment, "Deployment")


CONTROLLER = Controller(
    name="deployment-controller",
    kind="Deployment",
    decide=decide,
    owns=("ReplicaSet",),
    wakes={"ReplicaSet": _adopting, "Pod": _of_recreated},
)
