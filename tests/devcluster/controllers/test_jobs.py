"""Jobs and CronJobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from devcluster.controllers.framework.objects import Object, timestamp
from tests.devcluster.controllers.cluster import Cluster, condition, job, template, thing


def test_a_job_completes(cluster: Cluster) -> None:
    cluster.create(job("once", completions=3, parallelism=2))
    assert cluster.get("Job", "once")["status"]["active"] == 2
    cluster.pass_time(3)
    done = cluster.get("Job", "once")
    assert done["status"]["succeeded"] == 3
    assert "active" not in done["status"]
    assert [each["type"] for each in done["status"]["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert condition(done, "Complete")[1:] == (
        "CompletionsReached",
        "Reached expected number of succeeded pods",
    )
    assert cluster.events("Job")[-1] == ("Completed", "Job completed")
    pods = cluster.all("Pod")
    assert [pod["status"]["phase"] for pod in pods] == ["Succeeded"] * 3
    assert not any(pod["metadata"].get("finalizers") for pod in pods)


def test_a_job_fails_at_its_backoff_limit(cluster: Cluster) -> None:
    cluster.create(job("bad", "work:crash", backoffLimit=2))
    cluster.pass_time(10)
    failed = cluster.get("Job", "bad")
    assert failed["status"]["failed"] == 3
    expected = ("True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert condition(failed, "Failed") == condition(failed, "FailureTarget") == expected


def test_a_job_whose_image_cannot_be_pulled_fails_at_its_deadline(cluster: Cluster) -> None:
    cluster.create(job("stuck", "work:broken", activeDeadlineSeconds=60))
    cluster.pass_time(30)
    assert cluster.get("Job", "stuck")["status"]["active"] == 1
    cluster.pass_time(40)
    assert condition(cluster.get("Job", "stuck"), "Failed")[1] == "DeadlineExceeded"
    assert cluster.all("Pod") == []


def test_an_indexed_job_runs_every_index_once(cluster: Cluster) -> None:
    cluster.create(job("parts", completions=4, parallelism=2, completionMode="Indexed"))
    cluster.pass_time(3)
    status = cluster.get("Job", "parts")["status"]
    assert (status["succeeded"], status["completedIndexes"]) == (4, "0-3")
    assert sorted(pod["spec"]["hostname"] for pod in cluster.all("Pod")) == [
        f"parts-{index}" for index in range(4)
    ]


def test_a_suspended_job_waits(cluster: Cluster) -> None:
    cluster.create(job("later", suspend=True))
    cluster.pass_time(2)
    assert cluster.all("Pod") == []
    assert condition(cluster.get("Job", "later"), "Suspended")[:2] == ("True", "JobSuspended")
    cluster.change("Job", "later", suspend=False)
    cluster.pass_time(2)
    assert condition(cluster.get("Job", "later"), "Complete")[0] == "True"


def test_a_finished_job_is_deleted_after_its_time_to_live(cluster: Cluster) -> None:
    cluster.create(job("brief", ttlSecondsAfterFinished=60))
    cluster.pass_time(30)
    assert cluster.names("Job") == ["brief"]
    cluster.pass_time(60)
    assert cluster.names("Job") == []


def test_a_job_of_another_manager_is_ignored(cluster: Cluster) -> None:
    cluster.create(job("theirs", managedBy="example.com/other"))
    cluster.pass_time(2)
    assert cluster.all("Pod") == []


def cron_job(**spec: Any) -> Object:
    pod = template("tick", "work:1", restartPolicy="Never")
    jobs = {"spec": {"template": pod}}
    return thing("CronJob", "tick", {"schedule": "* * * * *", "jobTemplate": jobs, **spec})


def test_a_cron_job_creates_a_job_each_minute_and_keeps_the_last_three(cluster: Cluster) -> None:
    cluster.create(cron_job())
    cluster.pass_time(61)
    (name,) = cluster.names("Job")
    minute = int(cluster.clock.now().timestamp() // 60)
    assert name == f"tick-{minute}"
    assert cluster.events("CronJob")[0] == ("SuccessfulCreate", f"Created job {name}")
    cluster.pass_time(600)
    assert cluster.names("Job") == [f"tick-{minute + ahead}" for ahead in (8, 9, 10)]
    status = cluster.get("CronJob", "tick")["status"]
    assert set(status) == {"lastScheduleTime", "lastSuccessfulTime"}


@pytest.mark.parametrize(
    ("policy", "running"),
    [
        pytest.param("Forbid", 1, id="waits"),
        pytest.param("Replace", 1, id="replaces"),
        pytest.param("Allow", 3, id="allows"),
    ],
)
def test_the_concurrency_policy_applies_while_the_last_job_runs(
    cluster: Cluster, policy: str, running: int
) -> None:
    body = cron_job(concurrencyPolicy=policy)
    body["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] = "work:broken"
    cluster.create(body)
    cluster.pass_time(61)
    first = cluster.names("Job")
    cluster.pass_time(120)
    assert len(cluster.names("Job")) == running
    assert (cluster.names("Job") == first) == (policy == "Forbid")
    assert len(cluster.get("CronJob", "tick")["status"]["active"]) == running


def test_a_suspended_cron_job_creates_nothing(cluster: Cluster) -> None:
    cluster.create(cron_job(suspend=True))
    cluster.pass_time(300)
    assert cluster.names("Job") == []


def test_missed_times_create_one_job(cluster: Cluster) -> None:
    made = cluster.create(cron_job(suspend=True))
    long_ago = timestamp(cluster.clock.now() - timedelta(hours=5))
    cluster.store.update_status({**made, "status": {"lastScheduleTime": long_ago}})
    cluster.change("CronJob", "tick", suspend=False)
    assert len(cluster.names("Job")) == 1
