"""The kubelet of the simulated nodes: a bound pod's way from Pending through ContainerCreating to Ready.

Every stage is read from the pod's status, and lasts as long as the speeds say. Pods of Jobs end by
themselves; images with telling tags (`containers.py`) get stuck or crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devcluster.controllers.framework.actions import Action, Delete, LookAgain, Record, SetStatus
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
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
    broken_container,
    container_status,
    has_mood,
    mood_of,
    pull_error,
)
from devcluster.controllers.nodes.nodes import address_of, pod_address

SLOW = 10


def decide(pod: Object, view: View, turn: Turn) -> Iterator[Action]:
    if not pod["spec"].get("nodeName") or (is_finished(pod) and not is_deleting(pod)):
        return
    stage = stage_of(pod)
    rest = duration(pod, stage, turn) - turn.lasting(f"{uid_of(pod)} {stage}")
    if rest > 0:
        yield LookAgain(rest)
    else:
        yield from STAGES[stage](pod, turn)


def stage_of(pod: Object) -> str:
    """Where a bound pod stands on its way."""
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
    if has_mood(pod, "crash"):
        return "about to crash"
    return "working" if _ends(pod) else "steady"


def duration(pod: Object, stage: str, turn: Turn) -> float:
    """Seconds that a stage lasts: from the speeds, varied a little but the same for one pod."""
    speeds = turn.settings.speeds
    base = {
        "accepted": speeds.accept,
        "creating": speeds.pull,
        "not pulled": speeds.pull_back_off,
        "warming up": speeds.warm_up,
        "working": speeds.job,
        "about to crash": speeds.crash,
        "backing off": speeds.restart_back_off,
        "stopping": min(speeds.stop, float(pod["metadata"].get("deletionGracePeriodSeconds", 0))),
    }.get(stage, 0.0)
    if stage in ("creating", "warming up"):
        base *= SLOW if has_mood(pod, "slow") else 1
        base *= 1 + speeds.jitter * (_share(uid_of(pod)) - 0.5)
    return base


def _share(uid: str) -> float:
    """A number from 0 to 1 that belongs to this pod."""
    return (sum(uid.encode()) * 7919 % 1000) / 1000


def _create(pod: Object, turn: Turn) -> Iterator[Action]:
    """The node takes the pod: it has an address, and its images are being pulled."""
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    yield _status(pod, turn, "Pending", waiting, ready=False, init=waiting)
    for container in pod["spec"]["containers"] if turn.settings.kubelet_events else ():
        yield Record("Pod", pod, "Pulling", f'Pulling image "{container.get("image", "")}"')


def _start(pod: Object, turn: Turn) -> Iterator[Action]:
    """The images are there and the containers run, or one of them cannot be pulled."""
    broken = broken_container(pod)
    if broken is not None:
        yield from _fail_to_pull(pod, broken, turn)
        return
    warm = duration(pod, "warming up", turn) <= 0
    yield _status(pod, turn, "Running", _running(turn), ready=warm)
    for container in pod["spec"]["containers"] if turn.settings.kubelet_events else ():
        image = container.get("image", "")
        yield Record("Pod", pod, "Pulled", f'Successfully pulled image "{image}"')
        yield Record("Pod", pod, "Created", f"Created container: {container['name']}")
        yield Record("Pod", pod, "Started", f"Started container {container['name']}")


def _become_ready(pod: Object, turn: Turn) -> Iterator[Action]:
    yield _status(pod, turn, "Running", None, ready=True)


def _fail_to_pull(pod: Object, broken: Object, turn: Turn) -> Iterator[Action]:
    image, why = broken.get("image", ""), pull_error(broken.get("image", ""))
    yield _stuck(pod, turn, {"reason": "ErrImagePull", "message": why})
    yield Record("Pod", pod, "Failed", f'Failed to pull image "{image}": {why}', "Warning")
    yield Record("Pod", pod, "Failed", "Error: ErrImagePull", "Warning")


def _back_off(pod: Object, turn: Turn) -> Iterator[Action]:
    broken = broken_container(pod)
    image = broken.get("image", "") if broken else ""
    text = f'Back-off pulling image "{image}"'
    yield _stuck(
        pod, turn, {"reason": "ImagePullBackOff", "message": f"{text}: ErrImagePull: {pull_error(image)}"}
    )
    yield Record("Pod", pod, "BackOff", text)
    yield Record("Pod", pod, "Failed", "Error: ImagePullBackOff", "Warning")


def _finish(pod: Object, turn: Turn) -> Iterator[Action]:
    yield _status(pod, turn, "Succeeded", _terminated(pod, turn, "Completed", 0), ready=False)


def _crash(pod: Object, turn: Turn) -> Iterator[Action]:
    """A container fails: for good, or until it is started again."""
    ended = _terminated(pod, turn, "Error", 1)
    if pod["spec"].get("restartPolicy", "Always") == "Never":
        yield _status(pod, turn, "Failed", ended, ready=False)
        return
    name = pod["spec"]["containers"][0]["name"]
    meta = pod["metadata"]
    text = f"Back-off restarting failed container {name} in pod {meta['name']}_{meta['namespace']}"
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": text}}
    yield _status(pod, turn, "Running", waiting, ready=False, last=ended)
    yield Record("Pod", pod, "BackOff", text, "Warning")


def _restart(pod: Object, turn: Turn) -> Iterator[Action]:
    yield _status(pod, turn, "Running", _running(turn), ready=False, restarted=1)


def _stop(pod: Object, turn: Turn) -> Iterator[Action]:
    """The containers have stopped; the pod may go."""
    yield Delete(key_of(pod, "Pod"), grace=0)


def _nothing(pod: Object, turn: Turn) -> Iterator[Action]:
    return iter(())


STAGES = {
    "accepted": _create,
    "creating": _start,
    "not pulled": _back_off,
    "given up": _nothing,
    "warming up": _become_ready,
    "steady": _nothing,
    "working": _finish,
    "about to crash": _crash,
    "backing off": _restart,
    "stopping": _stop,
}


def _ends(pod: Object) -> bool:
    """Pods of Jobs end by themselves; all others run until they are deleted."""
    owner = controller_of(pod)
    return (
        owner is not None
        and owner["kind"] == "Job"
        and pod["spec"].get("restartPolicy", "Always") != "Always"
    )


def _running(turn: Turn) -> Object:
    return {"running": {"startedAt": timestamp(turn.now)}}


def _terminated(pod: Object, turn: Turn, reason: str, code: int) -> Object:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    started = next(
        (each["state"]["running"]["startedAt"] for each in statuses if "running" in each["state"]), None
    )
    times = {"startedAt": started or timestamp(turn.now), "finishedAt": timestamp(turn.now)}
    return {"terminated": {"exitCode": code, "reason": reason, **times}}


def _stuck(pod: Object, turn: Turn, waiting: Object) -> Action:
    """The container with the broken image says why it waits, the others that they are being made."""
    status = pod["status"]
    entries = {}
    for field in ("initContainerStatuses", "containerStatuses"):
        if field in status:
            entries[field] = [
                {**each, "state": {"waiting": waiting}} if mood_of(each["image"]) == "broken" else each
                for each in status[field]
            ]
    return SetStatus("Pod", with_status(pod, {**status, **entries}))


def _status(
    pod: Object, turn: Turn, phase: str, state: Object | None, *, ready: bool,
    init: Object | None = None, last: Object | None = None, restarted: int = 0,
) -> Action:  # fmt: skip
    """The pod's next status. `state` is each container's; None keeps what they are in."""
    old = pod.get("status") or {}
    known = {each["name"]: each for each in old.get("containerStatuses") or ()}
    containers = []
    for container in pod["spec"]["containers"]:
        before = known.get(container["name"], {})
        restarts = int(before.get("restartCount", 0)) + restarted
        entry = container_status(container, state or before["state"], ready=ready, restarts=restarts)
        entry["lastState"] = last or before.get("lastState") or {}
        containers.append(entry)
    started = phase != "Pending"
    done = phase == "Succeeded"
    names = " ".join(each["name"] for each in pod["spec"]["containers"])
    node = pod["spec"]["nodeName"]
    status = {
        **old,
        "phase": phase,
        "conditions": _conditions(
            old.get("conditions") or [], names, started=started, ready=ready, done=done, turn=turn
        ),
        "hostIP": address_of(node),
        "hostIPs": [{"ip": address_of(node)}],
        "startTime": old.get("startTime") or timestamp(turn.now),
        "containerStatuses": containers,
    }
    if started:
        address = old.get("podIP") or _address(pod)
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    if pod["spec"].get("initContainers"):
        status["initContainerStatuses"] = list(_init_statuses(pod, turn, init))
    return SetStatus("Pod", with_status(pod, status))


def _conditions(
    old: list[Object], names: str, *, started: bool, ready: bool, done: bool, turn: Turn
) -> list[Object]:
    """PodScheduled, Initialized, ContainersReady and Ready, in this order."""
    waiting = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{names}]"}
    ended = {"reason": "PodCompleted"}
    unready = ended if done else waiting
    wanted: Iterable[tuple[str, bool, Object]] = (
        ("PodScheduled", True, {}),
        (
            "Initialized",
            started,
            ended if done else {} if started else {"reason": "ContainersNotInitialized"},
        ),
        ("ContainersReady", ready, {} if ready else unready),
        ("Ready", ready, {} if ready else unready),
    )
    conditions = old
    for kind, holds, reason in wanted:
        new = {"type": kind, "status": "True" if holds else "False", "lastProbeTime": None, **reason}
        conditions = with_condition(conditions, new, turn.now)
    return conditions


def _init_statuses(pod: Object, turn: Turn, state: Object | None) -> Iterator[Object]:
    known = {each["name"]: each for each in (pod.get("status") or {}).get("initContainerStatuses") or ()}
    for container in pod["spec"]["initContainers"]:
        before = known.get(container["name"], {}).get("state", {})
        stays = container.get("restartPolicy") == "Always"
        if state is None and "waiting" in before:
            before = _running(turn) if stays else _terminated(pod, turn, "Completed", 0)
        yield container_status(container, state or before, ready=state is None)


def _all_statuses(pod: Object) -> Iterator[Object]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def _address(pod: Object) -> str:
    """A pod's address on its node; from its uid, so that nothing need be remembered."""
    if pod["spec"].get("hostNetwork"):
        return address_of(pod["spec"]["nodeName"])
    number = int(uid_of(pod).replace("-", "")[:12] or "0", 16)
    return pod_address(pod["spec"]["nodeName"], number)


CONTROLLER = Controller(name="kubelet", kind="Pod", decide=decide, manager="kubelet")
