"""Job: pods that run to their end, as many as asked for, until enough succeeded or too many failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

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
    is_true,
    key_of,
    name_of,
    seconds_since,
    timestamp,
    uid_of,
    with_condition,
    with_status,
    without_finalizer,
    without_zeros,
)
from devcluster.controllers.framework.pods import is_active, is_finished, is_ready, phase_of
from devcluster.controllers.workloads.pod_templates import pod_from

TRACKED = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
OURS = "kubernetes.io/job-controller"


def decide(job: Object, view: View, turn: Turn) -> Iterator[Action]:
    if job["spec"].get("managedBy", OURS) != OURS:
        return
    pods = view.children("Pod", uid_of(job))
    if is_over(job):
        yield from clean_up(job, pods, turn.now)
        return
    if is_deleting(job):
        yield from release(pods)
        return
    status = counted(job, pods, turn.now)
    end = verdict(job, status, pods, turn.now)
    active = [pod for pod in pods if is_active(pod)]
    if end is not None:
        yield from give_up(job, active)
        status = ended(status, end, turn.now)
    yield from write(job, status)
    yield from release(pod for pod in pods if is_finished(pod))
    if end is not None:
        yield _farewell(job, end)
    elif job["spec"].get("suspend"):
        yield from give_up(job, active)
    else:
        yield from keep_running(job, pods, status)
    deadline = job["spec"].get("activeDeadlineSeconds")
    if end is None and deadline is not None and status.get("startTime"):
        yield LookAgain(max(0.0, deadline - seconds_since(status["startTime"], turn.now)) + 0.1)


def is_over(job: Object) -> bool:
    return is_true(job, "Complete") or is_true(job, "Failed")


def counted(job: Object, pods: Sequence[Object], now: datetime) -> Object:
    """The status, counting also the pods that finished lately; their finalizer says which those are."""
    old = job.get("status") or {}
    suspended = bool(job["spec"].get("suspend"))
    active = [] if suspended else [pod for pod in pods if is_active(pod)]
    fresh = [phase_of(pod) for pod in pods if is_finished(pod) and TRACKED in _finalizers(pod)]
    conditions = old.get("conditions") or []
    if suspended:
        text = {"reason": "JobSuspended", "message": "Job suspended"}
        conditions = _conditions(conditions, "Suspended", "True", text, now)
    elif any(each["type"] == "Suspended" for each in conditions):
        text = {"reason": "JobResumed", "message": "Job resumed"}
        conditions = _conditions(conditions, "Suspended", "False", text, now)
    status: Object = {
        **old,
        "conditions": conditions,
        "startTime": None if suspended else old.get("startTime") or timestamp(now),
        "active": len(active),
        "ready": sum(map(is_ready, active)),
        "succeeded": int(old.get("succeeded", 0)) + fresh.count("Succeeded"),
        "failed": int(old.get("failed", 0)) + fresh.count("Failed"),
        "terminating": sum(is_deleting(pod) and not is_finished(pod) for pod in pods),
        "uncountedTerminatedPods": {},
    }
    if _is_indexed(job):
        done = {
            *_indexes(old.get("completedIndexes", "")),
            *(_index(p) for p in pods if phase_of(p) == "Succeeded"),
        }
        status["completedIndexes"] = _ranges(sorted(done))
        status["succeeded"] = len(done)
    return status


def verdict(
    job: Object, status: Object, pods: Sequence[Object], now: datetime
) -> tuple[str, str, str] | None:
    """(Complete or Failed, reason, message) when the job is at its end."""
    spec = job["spec"]
    completions = spec.get("completions")
    if completions is None:
        enough = status["succeeded"] > 0 and not status["active"]
    else:
        enough = status["succeeded"] >= int(completions)
    if enough and not spec.get("suspend"):
        return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
    restarts = sum(
        int(each.get("restartCount", 0))
        for pod in pods
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
    )
    if status["failed"] + restarts > int(spec.get("backoffLimit", 6)):
        return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    deadline = spec.get("activeDeadlineSeconds")
    if (
        deadline is not None
        and status.get("startTime")
        and seconds_since(status["startTime"], now) >= deadline
    ):
        return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
    return None


def ended(status: Object, end: tuple[str, str, str], now: datetime) -> Object:
    """The last status of a job: no pod is active any more, and both conditions say why."""
    kind, reason, message = end
    text = {"reason": reason, "message": message}
    conditions = status["conditions"]
    for each in ("SuccessCriteriaMet" if kind == "Complete" else "FailureTarget", kind):
        conditions = _conditions(conditions, each, "True", text, now)
    finish = {"completionTime": timestamp(now)} if kind == "Complete" else {}
    return {**status, "conditions": conditions, "active": 0, "ready": 0, **finish}


def write(job: Object, status: Object) -> Iterator[Action]:
    shown = without_zeros(status, keep=("ready", "terminating", "uncountedTerminatedPods"))
    if job["spec"].get("suspend") and not job.get("status"):
        shown = {field: shown[field] for field in shown if field == "conditions"} | {
            "ready": 0,
            "terminating": 0,
        }
        shown["uncountedTerminatedPods"] = {}
    if shown != (job.get("status") or {}):
        yield SetStatus("Job", with_status(job, shown))


def keep_running(job: Object, pods: Sequence[Object], status: Object) -> Iterator[Action]:
    """Start what is missing of `parallelism`, but never more than is left to do."""
    spec, active = job["spec"], [pod for pod in pods if is_active(pod)]
    left = int(spec.get("parallelism", 1))
    if spec.get("completions") is not None:
        left = min(left, int(spec["completions"]) - status["succeeded"])
    elif status["succeeded"]:
        left = len(active)
    event = Record("Job", job, "SuccessfulCreate", "Created pod: {name}")
    if _is_indexed(job):
        busy = {_index(pod) for pod in active} | {*_indexes(status.get("completedIndexes", ""))}
        free = [index for index in range(int(spec["completions"])) if index not in busy]
        for index in free[: max(left - len(active), 0)]:
            yield Create("Pod", _pod(job, index), event=event)
    else:
        for _ in range(left - len(active)):
            yield Create("Pod", _pod(job), event=event)
    for pod in active[max(left, 0) :]:
        yield Delete(key_of(pod, "Pod"))


def give_up(job: Object, active: Sequence[Object]) -> Iterator[Action]:
    for pod in active:
        text = f"Deleted pod: {name_of(pod)}"
        yield Delete(key_of(pod, "Pod"), event=Record("Job", job, "SuccessfulDelete", text))


def release(pods: Iterator[Object] | Sequence[Object]) -> Iterator[Action]:
    """Let go of pods that have been counted, or that nobody counts any more."""
    for pod in pods:
        if TRACKED in _finalizers(pod):
            yield Update("Pod", without_finalizer(pod, TRACKED))


def clean_up(job: Object, pods: Sequence[Object], now: datetime) -> Iterator[Action]:
    """After the end: pods are let go, and the job itself goes when its time to live is over."""
    yield from release(pods)
    seconds = job["spec"].get("ttlSecondsAfterFinished")
    if seconds is None or is_deleting(job):
        return
    finished = [each["lastTransitionTime"] for each in job["status"]["conditions"] if each["type"] in ENDS]
    rest = seconds - seconds_since(max(finished), now)
    yield LookAgain(rest) if rest > 0 else Delete(key_of(job, "Job"))


ENDS = ("Complete", "Failed")


def _farewell(job: Object, end: tuple[str, str, str]) -> Action:
    kind, reason, message = end
    if kind == "Complete":
        return Record("Job", job, "Completed", "Job completed")
    return Record("Job", job, reason, message, "Warning")


def _pod(job: Object, index: int | None = None) -> Object:
    pod = pod_from(job, "Job", job["spec"]["template"])
    meta = pod["metadata"]
    meta["finalizers"] = [*meta.get("finalizers", ()), TRACKED]
    if index is not None:
        meta["generateName"] = f"{name_of(job)}-{index}-"
        meta["labels"] = {**meta["labels"], INDEX: str(index)}
        meta["annotations"] = {**meta.get("annotations", {}), INDEX: str(index)}
        pod["spec"] = {**pod["spec"], "hostname": f"{name_of(job)}-{index}"}
    return pod


def _conditions(old: list[Object], kind: str, status: str, text: Object, now: datetime) -> list[Object]:
    return with_condition(old, {"type": kind, "status": status, "lastProbeTime": timestamp(now), **text}, now)


def _finalizers(pod: Object) -> list[str]:
    return pod["metadata"].get("finalizers") or []


def _is_indexed(job: Object) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def _index(pod: Object) -> int:
    return int(annotations_of(pod).get(INDEX, 0))


def _indexes(text: str) -> Iterator[int]:
    """`1,3-5` as numbers."""
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers as `1,3-5`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(f"{each[0]}-{each[-1]}" if len(each) > 1 else str(each[0]) for each in parts)


def release_orphan(key: Key, view: View, turn: Turn) -> Iterator[Action]:
    """The job is gone: what still waits to be counted need not wait."""
    for pod in view.inside("Pod", key.namespace):
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "Job" and owner["name"] == key.name:
            yield from release([pod])


CONTROLLER = Controller(name="job-controller", kind="Job", decide=decide, owns=("Pod",), gone=release_orphan)
