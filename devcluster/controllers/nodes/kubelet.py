"""The kubelet of the simulated nodes: takes bound pods from Pending through ContainerCreating to Ready.

The stage of a pod is derived from its status, and lasts as long as the settings define. Pods of Jobs
complete; images with special tags (`containers.py`) fail to be pulled or crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from devcluster.controllers.framework.actions import Action, Delete, RecordEvent, RequeueAfter, SetStatus
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Object,
    controller_of,
    is_deleting,
    key_of,
    timestamp,
    uid_of,
    with_condition,
    with_status,
)
from devcluster.controllers.framework.pods import is_finished, is_ready, phase_of
from devcluster.controllers.nodes.containers import (
    behaves,
    behaviour_of,
    broken_container,
    container_status,
    pull_error,
)
from devcluster.controllers.nodes.nodes import address_of, pod_address

SLOW = 10


def reconcile(pod: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if not pod["spec"].get("nodeName") or (is_finished(pod) and not is_deleting(pod)):
        return
    stage = stage_of(pod)
    rest = duration(pod, stage, context) - context.seconds_in(f"{uid_of(pod)} {stage}")
    if rest > 0:
        yield RequeueAfter(rest)
    else:
        yield from STAGES[stage](pod, context)


def stage_of(pod: Object) -> str:
    """The stage of a bound pod."""
    if is_deleting(pod):
        return "stopping"
    statuses = (pod.get("status") or {}).get("containerStatuses")
    if not statuses:
        return "accepted"
    waiting = {(each["state"].get("waiting") or {}).get("reason") for each in _all_statuses(pod)} - {None}
    if "ErrImagePull" in waiting:
        return "not pulled"
    if "ImagePullBackOff" in waiting:
        return "given up"
    if "CrashLoopBackOff" in waiting:
        return "backing off"
    if phase_of(pod) != "Running":
        return "creating"
    if not is_ready(pod):
        return "warming up"
    if behaves(pod, "crash"):
        return "about to crash"
    return "working" if _runs_to_completion(pod) else "steady"


def duration(pod: Object, stage: str, context: Context) -> float:
    """The duration of a stage in seconds, with a jitter that is constant for one pod."""
    durations = context.settings.durations
    base = {
        "accepted": durations.accept,
        "creating": durations.pull,
        "not pulled": durations.pull_back_off,
        "warming up": durations.warm_up,
        "working": durations.job,
        "about to crash": durations.crash,
        "backing off": durations.restart_back_off,
        "stopping": min(durations.stop, float(pod["metadata"].get("deletionGracePeriodSeconds", 0))),
    }.get(stage, 0.0)
    if stage in ("creating", "warming up"):
        base *= SLOW if behaves(pod, "slow") else 1
        base *= 1 + durations.jitter * (_fraction(uid_of(pod)) - 0.5)
    return base


def _fraction(uid: str) -> float:
    """A number from 0 to 1 that is constant for one pod."""
    return (sum(uid.encode()) * 7919 % 1000) / 1000


def _create(pod: Object, context: Context) -> Iterator[Action]:
    """The node accepts the pod and starts to pull its images."""
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    yield _set_status(pod, context, Containers("Pending", waiting, init=waiting))
    for container in pod["spec"]["containers"] if context.settings.kubelet_events else ():
        yield RecordEvent("Pod", pod, "Pulling", f'Pulling image "{container.get("image", "")}"')


def _start(pod: Object, context: Context) -> Iterator[Action]:
    """The images are pulled and the containers start, or a pull fails."""
    broken = broken_container(pod)
    if broken is not None:
        yield from _fail_to_pull(pod, broken, context)
        return
    warm = duration(pod, "warming up", context) <= 0
    yield _set_status(pod, context, Containers("Running", _running(context), ready=warm))
    for container in pod["spec"]["containers"] if context.settings.kubelet_events else ():
        image = container.get("image", "")
        yield RecordEvent("Pod", pod, "Pulled", f'Successfully pulled image "{image}"')
        yield RecordEvent("Pod", pod, "Created", f"Created container: {container['name']}")
        yield RecordEvent("Pod", pod, "Started", f"Started container {container['name']}")


def _become_ready(pod: Object, context: Context) -> Iterator[Action]:
    yield _set_status(pod, context, Containers("Running", None, ready=True))


def _fail_to_pull(pod: Object, broken: Object, context: Context) -> Iterator[Action]:
    image, why = broken.get("image", ""), pull_error(broken.get("image", ""))
    yield _set_waiting(pod, context, {"reason": "ErrImagePull", "message": why})
    yield RecordEvent("Pod", pod, "Failed", f'Failed to pull image "{image}": {why}', "Warning")
    yield RecordEvent("Pod", pod, "Failed", "Error: ErrImagePull", "Warning")


def _back_off(pod: Object, context: Context) -> Iterator[Action]:
    broken = broken_container(pod)
    image = broken.get("image", "") if broken else ""
    message = f'Back-off pulling image "{image}"'
    yield _set_waiting(
        pod,
        context,
        {"reason": "ImagePullBackOff", "message": f"{message}: ErrImagePull: {pull_error(image)}"},
    )
    yield RecordEvent("Pod", pod, "BackOff", message)
    yield RecordEvent("Pod", pod, "Failed", "Error: ImagePullBackOff", "Warning")


def _finish(pod: Object, context: Context) -> Iterator[Action]:
    yield _set_status(pod, context, Containers("Succeeded", _terminated(pod, context, "Completed", 0)))


def _crash(pod: Object, context: Context) -> Iterator[Action]:
    """A container crashes; it is restarted unless the restart policy is Never."""
    ended = _terminated(pod, context, "Error", 1)
    if pod["spec"].get("restartPolicy", "Always") == "Never":
        yield _set_status(pod, context, Containers("Failed", ended))
        return
    name = pod["spec"]["containers"][0]["name"]
    meta = pod["metadata"]
    message = f"Back-off restarting failed container {name} in pod {meta['name']}_{meta['namespace']}"
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    yield _set_status(pod, context, Containers("Running", waiting, last=ended))
    yield RecordEvent("Pod", pod, "BackOff", message, "Warning")


def _restart(pod: Object, context: Context) -> Iterator[Action]:
    yield _set_status(pod, context, Containers("Running", _running(context), restarted=1))


def _stop(pod: Object, context: Context) -> Iterator[Action]:
    """The containers have stopped: delete the pod."""
    yield Delete(key_of(pod, "Pod"), grace=0)


def _no_action(pod: Object, context: Context) -> Iterator[Action]:
    return iter(())


STAGES = {
    "accepted": _create,
    "creating": _start,
    "not pulled": _back_off,
    "given up": _no_action,
    "warming up": _become_ready,
    "steady": _no_action,
    "working": _finish,
    "about to crash": _crash,
    "backing off": _restart,
    "stopping": _stop,
}


def _runs_to_completion(pod: Object) -> bool:
    """Whether the pod belongs to a Job; other pods run until they are deleted."""
    owner = controller_of(pod)
    return (
        owner is not None
        and owner["kind"] == "Job"
        and pod["spec"].get("restartPolicy", "Always") != "Always"
    )


def _running(context: Context) -> Object:
    return {"running": {"startedAt": timestamp(context.now)}}


def _terminated(pod: Object, context: Context, reason: str, code: int) -> Object:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    started = next(
        (each["state"]["running"]["startedAt"] for each in statuses if "running" in each["state"]), None
    )
    times = {"startedAt": started or timestamp(context.now), "finishedAt": timestamp(context.now)}
    return {"terminated": {"exitCode": code, "reason": reason, **times}}


def _set_waiting(pod: Object, context: Context, waiting: Object) -> Action:
    """The status with this waiting state for the containers whose image cannot be pulled."""
    status = pod["status"]
    entries = {}
    for field in ("initContainerStatuses", "containerStatuses"):
        if field in status:
            entries[field] = [
                {**each, "state": {"waiting": waiting}} if behaviour_of(each["image"]) == "broken" else each
                for each in status[field]
            ]
    return SetStatus("Pod", with_status(pod, {**status, **entries}))


@dataclass(frozen=True, slots=True)
class Containers:
    """The next state of the containers: `state` of each (None keeps it), `init` of init containers."""

    phase: str
    state: Object | None
    ready: bool = False
    init: Object | None = None
    last: Object | None = None
    restarted: int = 0

    @property
    def started(self) -> bool:
        return self.phase != "Pending"

    @property
    def completed(self) -> bool:
        return self.phase == "Succeeded"


def _set_status(pod: Object, context: Context, new: Containers) -> Action:
    old = pod.get("status") or {}
    node = pod["spec"]["nodeName"]
    status = {
        **old,
        "phase": new.phase,
        "conditions": _conditions(pod, context, new),
        "hostIP": address_of(node),
        "hostIPs": [{"ip": address_of(node)}],
        "startTime": old.get("startTime") or timestamp(context.now),
        "containerStatuses": list(_container_statuses(pod, new)),
    }
    if new.started:
        address = old.get("podIP") or _address(pod)
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    if pod["spec"].get("initContainers"):
        status["initContainerStatuses"] = list(_init_statuses(pod, context, new.init))
    return SetStatus("Pod", with_status(pod, status))


def _container_statuses(pod: Object, new: Containers) -> Iterator[Object]:
    known = {each["name"]: each for each in (pod.get("status") or {}).get("containerStatuses") or ()}
    for container in pod["spec"]["containers"]:
        before = known.get(container["name"], {})
        restarts = int(before.get("restartCount", 0)) + new.restarted
        state = new.state or before["state"]
        status = container_status(container, state, ready=new.ready, restarts=restarts)
        yield {**status, "lastState": new.last or before.get("lastState") or {}}


def _conditions(pod: Object, context: Context, new: Containers) -> list[Object]:
    """PodScheduled, Initialized, ContainersReady and Ready, in this order."""
    names = " ".join(each["name"] for each in pod["spec"]["containers"])
    completed = {"reason": "PodCompleted"}
    unready = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{names}]"}
    uninitialized = {} if new.started else {"reason": "ContainersNotInitialized"}
    not_ready = {} if new.ready else completed if new.completed else unready
    desired: Iterable[tuple[str, bool, Object]] = (
        ("PodScheduled", True, {}),
        ("Initialized", new.started, completed if new.completed else uninitialized),
        ("ContainersReady", new.ready, not_ready),
        ("Ready", new.ready, not_ready),
    )
    conditions = (pod.get("status") or {}).get("conditions") or []
    for kind, holds, reason in desired:
        status = "True" if holds else "False"
        condition = {"type": kind, "status": status, "lastProbeTime": None, **reason}
        conditions = with_condition(conditions, condition, context.now)
    return conditions


def _init_statuses(pod: Object, context: Context, state: Object | None) -> Iterator[Object]:
    known = {each["name"]: each for each in (pod.get("status") or {}).get("initContainerStatuses") or ()}
    for container in pod["spec"]["initContainers"]:
        before = known.get(container["name"], {}).get("state", {})
        stays = container.get("restartPolicy") == "Always"
        if state is None and "waiting" in before:
            before = _running(context) if stays else _terminated(pod, context, "Completed", 0)
        yield container_status(container, state or before, ready=state is None)


def _all_statuses(pod: Object) -> Iterator[Object]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def _address(pod: Object) -> str:
    """The address of a pod, derived from its uid, so that it is stable without being stored."""
    if pod["spec"].get("hostNetwork"):
        return address_of(pod["spec"]["nodeName"])
    number = int(uid_of(pod).replace("-", "")[:12] or "0", 16)
    return pod_address(pod["spec"]["nodeName"], number)


CONTROLLER = Controller(name="kubelet", kind="Pod", reconcile=reconcile, manager="kubelet")
