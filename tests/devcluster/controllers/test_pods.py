"""The scheduler and the kubelet: where pods run, and their stages."""

from __future__ import annotations

from typing import Any

import pytest

from devcluster.controllers import Settings, durations_for
from devcluster.controllers.framework.objects import Object
from devcluster.controllers.nodes.containers import behaviour_of, canonical
from devcluster.controllers.nodes.nodes import simulated_nodes, unfit_reason
from tests.devcluster.controllers.cluster import Cluster, condition, template, thing, workload


def pod(name: str = "bare", image: str = "web:1", **spec: Any) -> Object:
    body = thing("Pod", name, {**template(name, image)["spec"], **spec})
    body["metadata"]["labels"] = {"app": name}
    return body


@pytest.mark.parametrize(
    ("image", "behaviour"),
    [
        ("web:broken", "broken"),
        ("registry.example.com:5000/team/web:broken", "broken"),
        ("registry.example.com:5000/broken", ""),
        ("web:broken-1", ""),
        ("web@sha256:00", ""),
        ("web:slow", "slow"),
        ("web:crash", "crash"),
    ],
)
def test_the_tag_of_an_image_selects_its_behaviour(image: str, behaviour: str) -> None:
    assert behaviour_of(image) == behaviour


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("web", "docker.io/library/web:latest"),
        ("team/web:1", "docker.io/team/web:1"),
        ("registry.example.com/web:1", "registry.example.com/web:1"),
        ("localhost:5000/web", "localhost:5000/web:latest"),
    ],
)
def test_a_node_names_images_in_full(image: str, full: str) -> None:
    assert canonical(image) == full


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param({}, "", id="anywhere"),
        pytest.param({"nodeSelector": {"kubernetes.io/hostname": "node-1"}}, "", id="selected"),
        pytest.param(
            {"nodeSelector": {"disk": "ssd"}},
            "node(s) didn't match Pod's node affinity/selector",
            id="no disk",
        ),
        pytest.param({"tolerations": [{"operator": "Exists"}]}, "", id="tolerates all"),
    ],
)
def test_a_pod_that_does_not_fit_a_node_has_a_reason(cluster: Cluster, spec: Object, why: str) -> None:
    (node, *_) = simulated_nodes(cluster.clock.now())
    assert unfit_reason({"spec": spec}, node) == why


def test_a_pod_goes_through_its_stages_in_their_time() -> None:
    cluster = Cluster(Settings(durations=durations_for(4)))
    cluster.create(pod())
    seen = []
    for _ in range(60):
        found = cluster.get("Pod", "bare")
        (state,) = found["status"].get("containerStatuses", [{}])
        step = (found["status"]["phase"], *state.get("state", {}), state.get("ready"))
        if step not in seen:
            seen.append(step)
        cluster.pass_time(0.1)
    assert seen == [
        ("Pending", None),
        ("Pending", "waiting", False),
        ("Running", "running", False),
        ("Running", "running", True),
    ]


def test_a_ready_pod_has_conditions_and_events(cluster: Cluster) -> None:
    cluster.create(pod())
    cluster.pass_time(1)
    found = cluster.get("Pod", "bare")
    conditions = [(each["type"], each["status"]) for each in found["status"]["conditions"]]
    assert conditions == [
        ("PodScheduled", "True"),
        ("Initialized", "True"),
        ("ContainersReady", "True"),
        ("Ready", "True"),
    ]
    node = found["spec"]["nodeName"]
    assert cluster.events("Pod") == [
        ("Scheduled", f"Successfully assigned demo/bare to {node}"),
        ("Pulling", 'Pulling image "web:1"'),
        ("Pulled", 'Successfully pulled image "web:1"'),
        ("Created", "Created container: main"),
        ("Started", "Started container main"),
    ]


def test_replicas_are_spread_over_the_zones(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=6))
    cluster.pass_time(1)
    nodes = sorted(pod["spec"]["nodeName"] for pod in cluster.all("Pod"))
    assert nodes == ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"]


def test_an_unschedulable_pod_is_reported_once(cluster: Cluster) -> None:
    cluster.create(pod(nodeSelector={"disk": "ssd"}))
    cluster.pass_time(60)
    status, reason, message = condition(cluster.get("Pod", "bare"), "PodScheduled")
    assert (status, reason) == ("False", "Unschedulable")
    assert message.startswith("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.")
    assert [reason for reason, _ in cluster.events("Pod")] == ["FailedScheduling"]


def test_a_pod_waits_for_its_claim(cluster: Cluster) -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    cluster.create(pod(volumes=[volume]))
    cluster.pass_time(1)
    assert (
        condition(cluster.get("Pod", "bare"), "PodScheduled")[2] == 'persistentvolumeclaim "data" not found'
    )
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "standard",
    }
    cluster.create(thing("PersistentVolumeClaim", "data", claim))
    cluster.pass_time(1)
    assert cluster.get("Pod", "bare")["status"]["phase"] == "Running"


def test_a_crashing_container_backs_off_and_restarts(cluster: Cluster) -> None:
    cluster.create(pod(image="web:crash"))
    cluster.pass_time(0.35)
    (state,) = cluster.get("Pod", "bare")["status"]["containerStatuses"]
    assert state["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert state["lastState"]["terminated"]["exitCode"] == 1
    cluster.pass_time(5)
    (state,) = cluster.get("Pod", "bare")["status"]["containerStatuses"]
    assert state["restartCount"] > 2


def test_a_pod_that_is_deleted_stops_first(cluster: Cluster) -> None:
    cluster.create(pod(terminationGracePeriodSeconds=30))
    cluster.pass_time(1)
    cluster.delete("Pod", "bare")
    assert "deletionTimestamp" in cluster.get("Pod", "bare")["metadata"]
    cluster.pass_time(1)
    assert cluster.find("Pod", "bare") is None


def test_init_containers_end_before_the_others_run(cluster: Cluster) -> None:
    cluster.create(pod(initContainers=[{"name": "prepare", "image": "tool:1"}]))
    cluster.pass_time(1)
    (state,) = cluster.get("Pod", "bare")["status"]["initContainerStatuses"]
    assert state["state"]["terminated"]["reason"] == "Completed"
    assert cluster.get("Pod", "bare")["status"]["phase"] == "Running"
