"""DaemonSets: one pod on every node that it fits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from devcluster.controllers.framework.actions import Action, Create, Delete, RecordEvent, SetStatus
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    annotations_of,
    int_or_percent,
    is_deleting,
    key_of,
    name_of,
    uid_of,
    with_status,
    without_zeros,
)
from devcluster.controllers.framework.pods import is_available, is_finished, is_ready
from devcluster.controllers.nodes.nodes import REQUIRED, unfit_reason
from devcluster.controllers.workloads.pod_templates import label_value, pod_from
from devcluster.controllers.workloads.revisions import HASH, digest_of, sync_revisions

GENERATION = "pod-template-generation"
TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)


def reconcile(daemon_set: Object, cache: Cache, context: Context) -> Iterator[Action]:
    pods = cache.children("Pod", uid_of(daemon_set))
    nodes = eligible_nodes(daemon_set, cache.all("Node"))
    if not is_deleting(daemon_set):
        revisions = cache.children("ControllerRevision", uid_of(daemon_set))
        yield from sync_revisions(
            daemon_set, "DaemonSet", revisions, {label_value(pod, HASH) for pod in pods}
        )
        yield from sync_pods(daemon_set, pods, nodes)
        yield from replace(daemon_set, pods, len(nodes), context.now)
    status = status_of(daemon_set, pods, nodes, context.now)
    if status != (daemon_set.get("status") or {}):
        yield SetStatus("DaemonSet", with_status(daemon_set, status))


def eligible_nodes(daemon_set: Object, nodes: Sequence[Object]) -> list[str]:
    """The nodes that pods of this template fit."""
    pod = {"spec": tolerant(daemon_set["spec"]["template"]["spec"])}
    return sorted(name_of(node) for node in nodes if not unfit_reason(pod, node))


def sync_pods(daemon_set: Object, pods: Sequence[Object], nodes: Sequence[str]) -> Iterator[Action]:
    """Create a pod for each node without one; delete surplus, finished and misscheduled pods."""
    on_node: dict[str, list[Object]] = defaultdict(list)
    for pod in pods:
        on_node[node_of(pod)].append(pod)
    for node in nodes:
        if not on_node.get(node):
            event = RecordEvent("DaemonSet", daemon_set, "SuccessfulCreate", "Created pod: {name}")
            yield Create("Pod", pod_for(daemon_set, node), event)
    for node, there in on_node.items():
        extra = there if node not in nodes else [*filter(is_finished, there), *there[1:]]
        yield from (_delete_pod(daemon_set, pod) for pod in extra if not is_deleting(pod))


def replace(daemon_set: Object, pods: Sequence[Object], wanted: int, now: datetime) -> Iterator[Action]:
    """Rolling update: delete as many old pods as may be unavailable."""
    strategy = daemon_set["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    allowed = max(
        int_or_percent((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), wanted, up=True), 1
    )
    digest = digest_of(daemon_set)
    old = [pod for pod in pods if label_value(pod, HASH) != digest and not is_deleting(pod)]
    seconds = int(daemon_set["spec"].get("minReadySeconds", 0))
    available = sum(is_available(pod, seconds, now) and not is_deleting(pod) for pod in pods)
    broken = [pod for pod in old if not is_available(pod, seconds, now)]
    healthy = [pod for pod in old if is_available(pod, seconds, now)]
    room = max(allowed - (wanted - available), 0)
    yield from (_delete_pod(daemon_set, pod) for pod in [*broken, *healthy[:room]])


def status_of(daemon_set: Object, pods: Sequence[Object], nodes: Sequence[str], now: datetime) -> Object:
    seconds = int(daemon_set["spec"].get("minReadySeconds", 0))
    placed = {node_of(pod): pod for pod in pods if not is_deleting(pod)}
    right = [pod for node, pod in placed.items() if node in nodes]
    available = sum(is_available(pod, seconds, now) for pod in right)
    digest = digest_of(daemon_set)
    status = {
        "currentNumberScheduled": len(right),
        "numberMisscheduled": len(placed) - len(right),
        "desiredNumberScheduled": len(nodes),
        "numberReady": sum(map(is_ready, right)),
        "observedGeneration": daemon_set["metadata"].get("generation"),
        "updatedNumberScheduled": sum(label_value(pod, HASH) == digest for pod in right),
        "numberAvailable": available,
        "numberUnavailable": len(nodes) - available,
    }
    always = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
    return without_zeros(status, keep=always)


def pod_for(daemon_set: Object, node: str) -> Object:
    """The pod for one node, with a node affinity for the scheduler."""
    generation = annotations_of(daemon_set).get("deprecated.daemonset.template.generation", "1")
    labels = {HASH: digest_of(daemon_set), GENERATION: generation}
    pod = pod_from(daemon_set, "DaemonSet", daemon_set["spec"]["template"], labels=labels)
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    affinity = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": fields}]}}}
    spec = {**tolerant(pod["spec"]), "affinity": {**(pod["spec"].get("affinity") or {}), **affinity}}
    return {**pod, "spec": spec}


def tolerant(spec: Object) -> Object:
    """The spec of the pod with the tolerations of all daemon pods."""
    added = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in TOLERATED]
    return {**spec, "tolerations": [*(spec.get("tolerations") or ()), *added]}


def node_of(pod: Object) -> str:
    """The node that a daemon pod is bound to, or has an affinity for."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    terms = pod["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return str(terms[0]["matchFields"][0]["values"][0])


def _delete_pod(daemon_set: Object, pod: Object) -> Action:
    event = RecordEvent("DaemonSet", daemon_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
    return Delete(key_of(pod, "Pod"), event=event)


def _all_daemon_sets(node: Object, cache: Cache) -> Iterator[Key]:
    return (key_of(each, "DaemonSet") for each in cache.all("DaemonSet"))


CONTROLLER = Controller(
    name="daemonset-controller",
    kind="DaemonSet",
    reconcile=reconcile,
    owns=("Pod", "ControllerRevision"),
    watches={"Node": _all_daemon_sets},
)
