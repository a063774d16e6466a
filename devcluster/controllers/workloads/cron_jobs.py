"""CronJobs: creates a Job at each scheduled time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
    is_true,
    key_of,
    moment_of,
    name_of,
    owner_reference,
    timestamp,
    uid_of,
    with_status,
    without_zeros,
)
from devcluster.controllers.workloads.cron_schedule import ScheduleError, parse
from devcluster.controllers.workloads.jobs import is_finished_job

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def reconcile(cron_job: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if is_deleting(cron_job):
        return
    jobs = cache.children("Job", uid_of(cron_job))
    due, upcoming = times(cron_job, context.now)
    running = [job for job in jobs if not is_finished_job(job)]
    started = due if due is not None and may_start(cron_job, running) else None
    status = status_of(cron_job, jobs, started)
    if status != (cron_job.get("status") or {}):
        yield SetStatus("CronJob", with_status(cron_job, status))
    if started is not None:
        if cron_job["spec"].get("concurrencyPolicy") == "Replace":
            for job in running:
                yield Delete(key_of(job, "Job"))
        event = RecordEvent("CronJob", cron_job, "SuccessfulCreate", "Created job {name}")
        yield Create("Job", job_for(cron_job, started), event=event)
    yield from delete_old_jobs(cron_job, jobs)
    if upcoming is not None:
        yield RequeueAfter((upcoming - context.now).total_seconds() + 0.05)


def times(cron_job: Object, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The latest scheduled time that is due and has no Job yet, and the next one; None if there is none."""
    spec = cron_job["spec"]
    if spec.get("suspend"):
        return None, None
    try:
        schedule, zone = parse(spec["schedule"]), ZoneInfo(spec.get("timeZone") or "UTC")
    except (ScheduleError, ZoneInfoNotFoundError, ValueError):
        return None, None
    last = (cron_job.get("status") or {}).get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
    moment = moment_of(last).astimezone(zone)
    if spec.get("startingDeadlineSeconds") is not None:
        moment = max(moment, (now - timedelta(seconds=spec["startingDeadlineSeconds"])).astimezone(zone))
    moment = max(moment, now.astimezone(zone) - timedelta(days=1))  # older missed times are skipped
    due, upcoming = None, schedule.next_after(moment)
    while upcoming is not None and upcoming <= now:
        due, upcoming = upcoming, schedule.next_after(upcoming)
    return due, upcoming


def may_start(cron_job: Object, running: Sequence[Object]) -> bool:
    return not running or cron_job["spec"].get("concurrencyPolicy", "Allow") != "Forbid"


def status_of(cron_job: Object, jobs: Sequence[Object], started: datetime | None) -> Object:
    """The active Jobs, the last scheduled time and the last successful time."""
    old = cron_job.get("status") or {}
    finished = [job["status"]["completionTime"] for job in jobs if is_true(job, "Complete")]
    status = {
        "active": [_reference(job) for job in jobs if not is_finished_job(job)],
        "lastScheduleTime": timestamp(started) if started else old.get("lastScheduleTime"),
        "lastSuccessfulTime": max([*finished, old.get("lastSuccessfulTime") or ""]),
    }
    return without_zeros(status)


def job_for(cron_job: Object, moment: datetime) -> Object:
    """The Job of a scheduled time. Its name contains the time, so that it is created once."""
    template = cron_job["spec"]["jobTemplate"]
    meta = template.get("metadata") or {}
    minutes = int(moment.astimezone(UTC).timestamp() // 60)
    metadata = {
        "name": f"{name_of(cron_job)}-{minutes}",
        "namespace": cron_job["metadata"]["namespace"],
        "annotations": {**(meta.get("annotations") or {}), SCHEDULED: timestamp(moment)},
        "ownerReferences": [owner_reference(cron_job, "CronJob")],
    }
    if meta.get("labels"):
        metadata["labels"] = meta["labels"]
    return {"metadata": metadata, "spec": template["spec"]}


def delete_old_jobs(cron_job: Object, jobs: Sequence[Object]) -> Iterator[Action]:
    """Delete finished Jobs beyond the history limits, oldest first."""
    in_order = sorted(jobs, key=lambda job: str(job["metadata"].get("creationTimestamp")))
    for condition, field, usual in (("Complete", "successful", 3), ("Failed", "failed", 1)):
        finished = [job for job in in_order if is_true(job, condition) and not is_deleting(job)]
        limit = int(cron_job["spec"].get(f"{field}JobsHistoryLimit", usual))
        for job in finished[: max(len(finished) - limit, 0)]:
            message = f"Deleted job {name_of(job)}"
            yield Delete(
                key_of(job, "Job"), event=RecordEvent("CronJob", cron_job, "SuccessfulDelete", message)
            )


def _reference(job: Object) -> Object:
    meta = job["metadata"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": meta["name"],
        "namespace": meta["namespace"],
        "uid": meta["uid"],
    }


CONTROLLER = Controller(name="cronjob-controller", kind="CronJob", reconcile=reconcile, owns=("Job",))
