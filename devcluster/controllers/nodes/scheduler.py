"""The scheduler: each pod without a node gets one, or says why no node will have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from devcluster.controllers.framework.actions import Action, LookAgain, Record, SetStatus, Update
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
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
from devcluster.controllers.nodes.nodes import least_crowded, refusal, unschedulable_message


def decide(pod: Object, view: View, turn: Turn) -> Iterator[Action]:
    if (
        pod["spec"].get("nodeName")
        or is_deleting(pod)
        or is_finished(pod)
        or pod["spec"].get("schedulingGates")
    ):
        return
    rest = turn.settings.speeds.schedule - turn.lasting("unscheduled")
    if rest > 0:
        yield LookAgain(rest)
        return
    obstacle = volume_obstacle(pod, view)
    nodes = view.all("Node")
    refusals = {name_of(node): refusal(pod, node) for node in nodes}
    fitting = [node for node in nodes if not refusals[name_of(node)]]
    if obstacle or not fitting:
        yield from refuse(pod, obstacle or unschedulable_message(list(refusals.values())), turn)
        return
    chosen = name_of(least_crowded(fitting, *_crowds(pod, view)))
    yield from bind(pod, chosen)


def bind(pod: Object, node: str) -> Iterator[Action]:
    """Give the pod its node and say so. The node's kubelet writes the condition, which saves a write."""
    meta = pod["metadata"]
    text = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
    yield Update("Pod", with_spec(pod, nodeName=node), Record("Pod", pod, "Scheduled", text))


def refuse(pod: Object, why: str, turn: Turn) -> Iterator[Action]:
    """Leave the pod pending and say why, once per reason."""
    condition = {"type": "PodScheduled", "status": "False", "lastProbeTime": None, "reason": "Unschedulable"}
    changed = list(_condition(pod, condition | {"message": why}, turn))
    if changed:
        yield Record("Pod", pod, "FailedScheduling", why, "Warning")
        yield from changed


def volume_obstacle(pod: Object, view: View) -> str:
    """A claim that the pod mounts and that is missing or has no volume yet."""
    for volume in pod["spec"].get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not name:
            continue
        claim = view.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if (claim.get("status") or {}).get("phase") != "Bound":
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def _condition(pod: Object, condition: Object, turn: Turn) -> Iterator[Action]:
    status = {"phase": "Pending", **(pod.get("status") or {})}
    conditions = with_condition(status.get("conditions") or [], condition, turn.now)
    if conditions != status.get("conditions"):
        yield SetStatus("Pod", with_status(pod, {**status, "conditions": conditions}))


def _crowds(pod: Object, view: View) -> tuple[dict[str, int], dict[str, int]]:
    owner = controller_of(pod)
    siblings = (
        Counter(
            each["spec"].get("nodeName", "")
            for each in view.children("Pod", owner["uid"])
            if not is_finished(each)
        )
        if owner
        else Counter()
    )
    return view.pods_per_node, siblings


def _waiting_pods(changed: Object, view: View) -> Iterator[Key]:
    """A claim or node that changed may let pods in that waited for it."""
    namespace = changed["metadata"].get("namespace", "")
    pods = view.inside("Pod", namespace) if namespace else view.all("Pod")
    return (key_of(pod, "Pod") for pod in pods if not pod["spec"].get("nodeName"))


CONTROLLER = Controller(
    name="default-scheduler",
    kind="Pod",
    decide=decide,
    wakes={"PersistentVolumeClaim": _waiting_pods, "Node": _waiting_pods},
    manager="kube-scheduler",
)
