"""The scheduler: binds pods to nodes, or reports why no node fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from devcluster.controllers.framework.actions import Action, RecordEvent, RequeueAfter, SetStatus, Update
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    controller_of,
    is_deleting,
    key_of,
    name_of,
    with_condition,
    with_spec,
    with_status,
)
from devcluster.controllers.framework.pods import is_finished
from devcluster.controllers.nodes.nodes import least_loaded, unfit_reason, unschedulable_message


def reconcile(pod: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if (
        pod["spec"].get("nodeName")
        or is_deleting(pod)
        or is_finished(pod)
        or pod["spec"].get("schedulingGates")
    ):
        return
    rest = context.settings.durations.schedule - context.seconds_in("unscheduled")
    if rest > 0:
        yield RequeueAfter(rest)
        return
    problem = volume_problem(pod, cache)
    nodes = cache.all("Node")
    refusals = {name_of(node): unfit_reason(pod, node) for node in nodes}
    fitting = [node for node in nodes if not refusals[name_of(node)]]
    if problem or not fitting:
        yield from report_unschedulable(
            pod, problem or unschedulable_message(list(refusals.values())), context
        )
        return
    chosen = name_of(least_loaded(fitting, *_pod_counts(pod, cache)))
    yield from bind(pod, chosen)


def bind(pod: Object, node: str) -> Iterator[Action]:
    """Bind the pod to a node. The kubelet sets the condition PodScheduled, which saves a write."""
    meta = pod["metadata"]
    message = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
    yield Update("Pod", with_spec(pod, nodeName=node), RecordEvent("Pod", pod, "Scheduled", message))


def report_unschedulable(pod: Object, why: str, context: Context) -> Iterator[Action]:
    """Report why the pod stays pending, once per reason."""
    condition = {"type": "PodScheduled", "status": "False", "lastProbeTime": None, "reason": "Unschedulable"}
    changed = list(_condition(pod, condition | {"message": why}, context))
    if changed:
        yield RecordEvent("Pod", pod, "FailedScheduling", why, "Warning")
        yield from changed


def volume_problem(pod: Object, cache: Cache) -> str:
    """The message about a claim of the pod that is missing or unbound, or an empty string."""
    for volume in pod["spec"].get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not name:
            continue
        claim = cache.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if (claim.get("status") or {}).get("phase") != "Bound":
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def _condition(pod: Object, condition: Object, context: Context) -> Iterator[Action]:
    status = {"phase": "Pending", **(pod.get("status") or {})}
    conditions = with_condition(status.get("conditions") or [], condition, context.now)
    if conditions != status.get("conditions"):
        yield SetStatus("Pod", with_status(pod, {**status, "conditions": conditions}))


def _pod_counts(pod: Object, cache: Cache) -> tuple[dict[str, int], dict[str, int]]:
    owner = controller_of(pod)
    siblings = (
        Counter(
            each["spec"].get("nodeName", "")
            for each in cache.children("Pod", owner["uid"])
            if not is_finished(each)
        )
        if owner
        else Counter()
    )
    return cache.pods_per_node, siblings


def _unscheduled_pods(changed: Object, cache: Cache) -> Iterator[Key]:
    """Pods without a node, which a changed claim or node may make schedulable."""
    namespace = changed["metadata"].get("namespace", "")
    pods = cache.in_namespace("Pod", namespace) if namespace else cache.all("Pod")
    return (key_of(pod, "Pod") for pod in pods if not pod["spec"].get("nodeName"))


CONTROLLER = Controller(
    name="default-scheduler",
    kind="Pod",
    reconcile=reconcile,
    watches={"PersistentVolumeClaim": _unscheduled_pods, "Node": _unscheduled_pods},
    manager="kube-scheduler",
)
