"""Jobs: run pods to completion until enough have succeeded or too many have failed."""

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


def reconcile(job: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if job["spec"].get("managedBy", OURS) != OURS:
        return
    pods = cache.children("Pod", uid_of(job))
    if is_finished_job(job):
        yield from clean_up(job, pods, context.now)
        return
    if is_deleting(job):
        yield from remove_finalizers(pods)
        return
    status = counted_status(job, pods, context.now)
    end = job_result(job, status, pods, context.now)
    active = [pod for pod in pods if is_active(pod)]
    if end is not None:
        yield from delete_pods(job, active)
        status = finished_status(status, end, context.now)
    yield from write_status(job, status)
    yield from remove_finalizers(pod for pod in pods if is_finished(pod))
    if end is not None:
        yield _finished_event(job, end)
    elif job["spec"].get("suspend"):
        yield from delete_pods(job, active)
    else:
        yield from sync_pods(job, pods, status)
    deadline = job["spec"].get("activeDeadlineSeconds")
    if end is None and deadline is not None and status.get("startTime"):
        yield RequeueAfter(max(0.0, deadline - seconds_since(status["startTime"], context.now)) + 0.1)


def is_finished_job(job: Object) -> bool:
    return is_true(job, "Complete") or is_true(job, "Failed")


def counted_status(job: Object, pods: Sequence[Object], now: datetime) -> Object:
    """The status, including newly finished pods, which still have the tracking finalizer."""
    old = job.get("status") or {}
    suspended = bool(job["spec"].get("suspend"))
    active = [] if suspended else [pod for pod in pods if is_active(pod)]
    fresh = [phase_of(pod) for pod in pods if is_finished(pod) and TRACKED in _finalizers(pod)]
    conditions = old.get("conditions") or []
    if suspended:
        details = {"reason": "JobSuspended", "message": "Job suspended"}
        conditions = _conditions(conditions, "Suspended", "True", details, now)
    elif any(each["type"] == "Suspended" for each in conditions):
        details = {"reason": "JobResumed", "message": "Job resumed"}
        conditions = _conditions(conditions, "Suspended", "False", details, now)
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


def job_result(
    job: Object, status: Object, pods: Sequence[Object], now: datetime
) -> tuple[str, str, str] | None:
    """(Complete or Failed, reason, message) of a finished job, else None."""
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


def finished_status(status: Object, end: tuple[str, str, str], now: datetime) -> Object:
    """The final status of a job: no active pods, and the conditions with the reason."""
    kind, reason, message = end
    details = {"reason": reason, "message": message}
    conditions = status["conditions"]
    for each in ("SuccessCriteriaMet" if kind == "Complete" else "FailureTarget", kind):
        conditions = _conditions(conditions, each, "True", details, now)
    finish = {"completionTime": timestamp(now)} if kind == "Complete" else {}
    return {**status, "conditions": conditions, "active": 0, "ready": 0, **finish}


def write_status(job: Object, status: Object) -> Iterator[Action]:
    shown = without_zeros(status, keep=("ready", "terminating", "uncountedTerminatedPods"))
    if job["spec"].get("suspend") and not job.get("status"):
        shown = {field: shown[field] for field in shown if field == "conditions"} | {
            "ready": 0,
            "terminating": 0,
        }
        shown["uncountedTerminatedPods"] = {}
    if shown != (job.get("status") or {}):
        yield SetStatus("Job", with_status(job, shown))


def sync_pods(job: Object, pods: Sequence[Object], status: Object) -> Iterator[Action]:
    """Create the pods that `parallelism` and the remaining completions require; delete surplus ones."""
    spec, active = job["spec"], [pod for pod in pods if is_active(pod)]
    left = int(spec.get("parallelism", 1))
    if spec.get("completions") is not None:
        left = min(left, int(spec["completions"]) - status["succeeded"])
    elif status["succeeded"]:
        left = len(active)
    event = RecordEvent("Job", job, "SuccessfulCreate", "Created pod: {name}")
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


def delete_pods(job: Object, active: Sequence[Object]) -> Iterator[Action]:
    for pod in active:
        message = f"Deleted pod: {name_of(pod)}"
        yield Delete(key_of(pod, "Pod"), event=RecordEvent("Job", job, "SuccessfulDelete", message))


def remove_finalizers(pods: Iterator[Object] | Sequence[Object]) -> Iterator[Action]:
    """Remove the tracking finalizer of pods that are counted."""
    for pod in pods:
        if TRACKED in _finalizers(pod):
            yield Update("Pod", without_finalizer(pod, TRACKED))


def clean_up(job: Object, pods: Sequence[Object], now: datetime) -> Iterator[Action]:
    """Remove the finalizers of the pods of a finished job; delete the job after its time to live."""
    yield from remove_finalizers(pods)
    seconds = job["spec"].get("ttlSecondsAfterFinished")
    if seconds is None or is_deleting(job):
        return
    finished = [each["lastTransitionTime"] for each in job["status"]["conditions"] if each["type"] in ENDS]
    rest = seconds - seconds_since(max(finished), now)
    yield RequeueAfter(rest) if rest > 0 else Delete(key_of(job, "Job"))


ENDS = ("Complete", "Failed")


def _finished_event(job: Object, end: tuple[str, str, str]) -> Action:
    kind, reason, message = end
    if kind == "Complete":
        return RecordEvent("Job", job, "Completed", "Job completed")
    return RecordEvent("Job", job, reason, message, "Warning")


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


def _conditions(old: list[Object], kind: str, status: str, details: Object, now: datetime) -> list[Object]:
    return with_condition(
        old, {"type": kind, "status": status, "lastProbeTime": timestamp(now), **details}, now
    )


def _finalizers(pod: Object) -> list[str]:
    return pod["metadata"].get("finalizers") or []


def _is_indexed(job: Object) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def _index(pod: Object) -> int:
    return int(annotations_of(pod).get(INDEX, 0))


def _indexes(ranges: str) -> Iterator[int]:
    """Parse indexes such as `1,3-5`."""
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _ranges(numbers: Sequence[int]) -> str:
    """Format indexes as `1,3-5`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(f"{each[0]}-{each[-1]}" if len(each) > 1 else str(each[0]) for each in parts)


def release_orphans(key: Key, cache: Cache, context: Context) -> Iterator[Action]:
    """Remove the tracking finalizers of the pods of a deleted job."""
    for pod in cache.in_namespace("Pod", key.namespace):
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "Job" and owner["name"] == key.name:
            yield from remove_finalizers([pod])


CONTROLLER = Controller(
    name="job-controller", kind="Job", reconcile=reconcile, owns=("Pod",), on_deleted=release_orphans
)
