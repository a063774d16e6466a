"""StatefulSets: numbered pods with their own claims, created in order and replaced from the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from devcluster.controllers.framework.actions import (
    Action,
    Create,
    Delete,
    RecordEvent,
    RequeueAfter,
    SetStatus,
)
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Object,
    is_deleting,
    key_of,
    name_of,
    uid_of,
    with_status,
    without_zeros,
)
from devcluster.controllers.framework.pods import is_available, is_finished, is_ready, seconds_until_available
from devcluster.controllers.workloads.pod_templates import label_value, pod_from
from devcluster.controllers.workloads.revisions import HASH, digest_of, sync_revisions

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


def reconcile(stateful_set: Object, cache: Cache, context: Context) -> Iterator[Action]:
    pods = cache.children("Pod", uid_of(stateful_set))
    if not is_deleting(stateful_set):
        revisions = cache.children("ControllerRevision", uid_of(stateful_set))
        yield from sync_revisions(
            stateful_set, "StatefulSet", revisions, {label_value(pod, HASH) for pod in pods}
        )
        yield from create_claims(stateful_set, cache)
        yield from next_step(stateful_set, pods, context.now)
    status = status_of(stateful_set, pods, context.now)
    if status != (stateful_set.get("status") or {}):
        yield SetStatus("StatefulSet", with_status(stateful_set, status))
    rest = [
        seconds_until_available(pod, _min_ready(stateful_set), context.now) for pod in pods if is_ready(pod)
    ]
    if any(rest):
        yield RequeueAfter(min(filter(None, rest)))


def next_step(stateful_set: Object, pods: Sequence[Object], now: datetime) -> Iterator[Action]:
    """Create missing pods, delete surplus ones, replace old ones; in order unless Parallel."""
    by_number = {ordinal(pod): pod for pod in pods}
    one_by_one = stateful_set["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    numbers = ordinals_of(stateful_set)
    for number in numbers:
        pod = by_number.get(number)
        if pod is None:
            yield _create_pod(stateful_set, number, pods)
        elif is_finished(pod) and not is_deleting(pod):
            yield _delete_pod(stateful_set, pod)
        if one_by_one and (pod is None or is_deleting(pod) or not _available(stateful_set, pod, now)):
            break
    else:
        beyond = [by_number[number] for number in sorted(by_number, reverse=True) if number not in numbers]
        for pod in beyond[:1] if one_by_one else beyond:
            if not is_deleting(pod):
                yield _delete_pod(stateful_set, pod)
        if not beyond:
            yield from replace(
                stateful_set, [by_number[number] for number in numbers if number in by_number], now
            )
        return
    yield from _replace_broken_pod(stateful_set, by_number, numbers, now)


def replace(stateful_set: Object, pods: Sequence[Object], now: datetime) -> Iterator[Action]:
    """Rolling update: delete the last pod of an old template once all after it are available."""
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    partition = int((strategy.get("rollingUpdate") or {}).get("partition", 0))
    for pod in reversed(pods):
        if ordinal(pod) < partition:
            return
        if label_value(pod, HASH) != _revision(stateful_set):
            if not is_deleting(pod):
                yield _delete_pod(stateful_set, pod)
            return
        if not _available(stateful_set, pod, now):
            return


def _replace_broken_pod(
    stateful_set: Object, by_number: dict[int, Object], numbers: range, now: datetime
) -> Iterator[Action]:
    """Replace an unavailable pod of an old template, so that a broken rollout can be fixed."""
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    partition = int((strategy.get("rollingUpdate") or {}).get("partition", 0))
    for number in reversed(numbers):
        pod = by_number.get(number)
        stuck = pod is not None and not is_deleting(pod) and not _available(stateful_set, pod, now)
        if (
            pod is not None
            and stuck
            and number >= partition
            and label_value(pod, HASH) != _revision(stateful_set)
        ):
            yield _delete_pod(stateful_set, pod)
            return


def create_claims(stateful_set: Object, cache: Cache) -> Iterator[Action]:
    """Create the claims of every pod; they remain when pods are deleted."""
    namespace, name = stateful_set["metadata"]["namespace"], name_of(stateful_set)
    for number in ordinals_of(stateful_set):
        for template in stateful_set["spec"].get("volumeClaimTemplates") or ():
            claim = f"{template['metadata']['name']}-{name}-{number}"
            if cache.get("PersistentVolumeClaim", namespace, claim) is None:
                labels = stateful_set["spec"]["selector"].get("matchLabels") or {}
                metadata = {**template["metadata"], "name": claim, "namespace": namespace}
                metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
                message = f"create Claim {claim} Pod {name}-{number} in StatefulSet {name} success"
                event = RecordEvent("StatefulSet", stateful_set, "SuccessfulCreate", message)
                yield Create("PersistentVolumeClaim", {"metadata": metadata, "spec": template["spec"]}, event)


def status_of(stateful_set: Object, pods: Sequence[Object], now: datetime) -> Object:
    """The counts. The update revision becomes the current one once every pod has it."""
    old = stateful_set.get("status") or {}
    updated, current = _revision(stateful_set), old.get("currentRevision") or _revision(stateful_set)
    living = [pod for pod in pods if not is_finished(pod) and not is_deleting(pod)]
    available = sum(_available(stateful_set, pod, now) for pod in living)
    new = [pod for pod in living if label_value(pod, HASH) == updated]
    wanted = int(stateful_set["spec"].get("replicas", 1))
    if len(new) == len(living) == wanted == available:
        current = updated
    status = {
        "observedGeneration": stateful_set["metadata"].get("generation"),
        "replicas": len(living),
        "readyReplicas": sum(map(is_ready, living)),
        "currentReplicas": sum(label_value(pod, HASH) == current for pod in living),
        "updatedReplicas": len(new),
        "currentRevision": current,
        "updateRevision": updated,
        "collisionCount": int(old.get("collisionCount", 0)),
        "availableReplicas": available,
    }
    return without_zeros(status, keep=("replicas", "collisionCount", "availableReplicas"))


def ordinals_of(stateful_set: Object) -> range:
    """The ordinals of its pods."""
    first = int((stateful_set["spec"].get("ordinals") or {}).get("start", 0))
    return range(first, first + int(stateful_set["spec"].get("replicas", 1)))


def ordinal(pod: Object) -> int:
    return int(name_of(pod).rpartition("-")[2])


def pod_with_ordinal(stateful_set: Object, number: int) -> Object:
    """The pod with this ordinal: name, labels, host name and claims."""
    name = f"{name_of(stateful_set)}-{number}"
    labels = {POD_NAME: name, POD_INDEX: str(number), HASH: _revision(stateful_set)}
    pod = pod_from(stateful_set, "StatefulSet", stateful_set["spec"]["template"], name=name, labels=labels)
    spec = {**pod["spec"], "hostname": name}
    if stateful_set["spec"].get("serviceName"):
        spec["subdomain"] = stateful_set["spec"]["serviceName"]
    own = {each["metadata"]["name"] for each in stateful_set["spec"].get("volumeClaimTemplates") or ()}
    if own:
        others = [volume for volume in spec.get("volumes") or () if volume["name"] not in own]
        mounts = [
            {"name": each, "persistentVolumeClaim": {"claimName": f"{each}-{name}"}} for each in sorted(own)
        ]
        spec["volumes"] = [*others, *mounts]
    return {**pod, "spec": spec}


def _create_pod(stateful_set: Object, number: int, pods: Sequence[Object]) -> Action:
    name = name_of(stateful_set)
    message = f"create Pod {name}-{number} in StatefulSet {name} successful"
    event = RecordEvent("StatefulSet", stateful_set, "SuccessfulCreate", message)
    return Create("Pod", pod_with_ordinal(stateful_set, number), event)


def _delete_pod(stateful_set: Object, pod: Object) -> Action:
    message = f"delete Pod {name_of(pod)} in StatefulSet {name_of(stateful_set)} successful"
    return Delete(
        key_of(pod, "Pod"), event=RecordEvent("StatefulSet", stateful_set, "SuccessfulDelete", message)
    )


def _revision(stateful_set: Object) -> str:
    return f"{name_of(stateful_set)}-{digest_of(stateful_set)}"


def _min_ready(stateful_set: Object) -> int:
    return int(stateful_set["spec"].get("minReadySeconds", 0))


def _available(stateful_set: Object, pod: Object, now: datetime) -> bool:
    return is_available(pod, _min_ready(stateful_set), now)


CONTROLLER = Controller(
    name="statefulset-controller",
    kind="StatefulSet",
    reconcile=reconcile,
    owns=("Pod", "ControllerRevision"),
    reads=("PersistentVolumeClaim",),
)
