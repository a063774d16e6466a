"""What runs once is not run again because Kubernetes deleted it after it had finished."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.finished import Finished, finished, has_finished
from tests.reconciler.builders import map_node, publish_contract, update_and_wait
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready

COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}
RUNNING = {"conditions": [{"type": "Complete", "status": "False"}], "active": 1}


def live(kind: str, status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    api_version = "batch/v1" if kind == "Job" else "v1"
    return {"apiVersion": api_version, "kind": kind, "metadata": {"uid": "u"}, "spec": spec, "status": status}


@pytest.mark.parametrize(
    ("given", "ended"),
    [
        pytest.param(live("Job", COMPLETE, ttlSecondsAfterFinished=0), True, id="a-completed-job"),
        pytest.param(live("Job", FAILED, ttlSecondsAfterFinished=60), True, id="a-failed-job"),
        pytest.param(live("Job", RUNNING, ttlSecondsAfterFinished=60), False, id="a-running-job"),
        pytest.param(live("Job", COMPLETE), False, id="a-job-that-stays"),
        pytest.param(live("Pod", {"phase": "Succeeded"}, restartPolicy="Never"), True, id="a-completed-pod"),
        pytest.param(live("Pod", {"phase": "Failed"}, restartPolicy="Never"), False, id="an-evicted-pod"),
        pytest.param(live("Pod", {"phase": "Succeeded"}, restartPolicy="Always"), False, id="a-service"),
        pytest.param(live("ConfigMap", {}), False, id="another-kind"),
    ],
)
def test_what_has_finished_for_good(given: dict[str, Any], ended: bool) -> None:
    assert has_finished(given) is ended


def body(image: str = "a", **labels: str) -> dict[str, Any]:
    metadata = {"name": "one", "labels": labels, "annotations": {"slipway.dev/apply-order": "1"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"image": image}}


def test_another_template_runs_again_and_other_labels_of_slipway_do_not() -> None:
    known = finished(body(), live("Job", COMPLETE, ttlSecondsAfterFinished=1), None)
    assert known is not None
    assert known.is_of(body(**{"slipway.dev/collection-size": "7"}))
    assert not known.is_of(body("b"))
    assert not known.is_of(body(tier="x"))
    again = finished(body("b"), live("Job", COMPLETE, ttlSecondsAfterFinished=1), known)
    assert again == known, "the object ran as it was rendered then"
    assert Finished(**known.as_dict()) == known
    assert known.as_object(body())["status"] == COMPLETE


JOB = """
- id: job
  readyWhen: ['${job.status.?succeeded.orValue(0) > 0}']
  template:
    apiVersion: batch/v1
    kind: Job
    metadata: {name: "${schema.metadata.name}"}
    spec:
      ttlSecondsAfterFinished: 0
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: "busybox:${string(schema.spec.n)}"}]
"""


def test_a_job_that_the_cluster_deletes_runs_once_per_template(harness: Harness) -> None:
    dependent = map_node("after", 'data: {done: "${string(job.status.succeeded)}"}')
    contract = publish_contract(harness, JOB + dependent)
    create_ready(harness, contract, "one")
    wait_for(lambda: harness.child("Job", "one", "batch/v1") is None, "the TTL controller deleted it")
    resource = harness.get_row("one").resources

    def says_so() -> bool:
        return "runs again when its template changes" in resource.get(node="job").message

    wait_for(says_so, "the page says that it finished")
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "one-after")
    wait_for(lambda: harness.child("ConfigMap", "one-after"), "what reads its status is still rendered")
    harness.manager.stop()
    harness.manager.start()
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "one-after")
    wait_for(lambda: harness.child("ConfigMap", "one-after"), "also after a restart")
    events = harness.get_row("one").events.filter(source="slipway", resource="Job one")
    assert [one.reason for one in events] == ["Created"]
    assert harness.get_row("one").state == "ready"

    update_and_wait(harness, contract, n=2)
    wait_for(lambda: events.filter(reason__in=["Created", "Restored"]).count() == 2, "another template runs")
    wait_for(lambda: harness.get_row("one").state == "ready" and says_so(), "and finishes")
