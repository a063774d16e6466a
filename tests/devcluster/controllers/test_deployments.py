"""Deployments, their replica sets and pods, against the server's own store."""

from __future__ import annotations

import pytest

from devcluster.controllers.framework.objects import Object
from devcluster.controllers.workloads.deployments import HISTORY, REVISION
from devcluster.machinery.errors import ApiError
from tests.devcluster.controllers.cluster import Cluster, condition, template, thing, workload


def revisions(cluster: Cluster) -> dict[str, int]:
    """Size by revision."""
    sets = cluster.all("ReplicaSet")
    return {each["metadata"]["annotations"][REVISION]: each["spec"]["replicas"] for each in sets}


def test_a_deployment_becomes_ready(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=2))
    assert condition(cluster.get("Deployment", "web"), "Available")[:2] == (
        "False",
        "MinimumReplicasUnavailable",
    )
    cluster.pass_time(1)

    deployment = cluster.get("Deployment", "web")
    (name,) = cluster.names("ReplicaSet")
    counts = {field: value for field, value in deployment["status"].items() if field != "conditions"}
    assert counts == {
        "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2,
        "availableReplicas": 2, "terminatingReplicas": 0,
    }  # fmt: skip
    assert [each["type"] for each in deployment["status"]["conditions"]] == ["Available", "Progressing"]
    text = f'ReplicaSet "{name}" has successfully progressed.'
    assert condition(deployment, "Progressing") == ("True", "NewReplicaSetAvailable", text)
    assert deployment["metadata"]["annotations"] == {REVISION: "1"}
    assert cluster.events("Deployment") == [
        ("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 2")
    ]


def test_a_rollout_never_has_too_few_or_too_many_pods(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=4))
    cluster.pass_time(1)
    cluster.change("Deployment", "web", template=template("web", "web:2"))
    for _ in range(60):
        cluster.pass_time(0.05)
        pods = cluster.all("Pod")
        ready = [pod for pod in pods if pod["status"]["phase"] == "Running"]
        assert len(pods) <= 5
        assert len(ready) >= 3
    assert revisions(cluster) == {"1": 0, "2": 4}
    assert cluster.get("Deployment", "web")["status"]["updatedReplicas"] == 4


def test_recreate_deletes_the_old_pods_first(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=2, strategy={"type": "Recreate"}))
    cluster.pass_time(1)
    cluster.change("Deployment", "web", template=template("web", "web:2"))
    for _ in range(20):
        assert len({pod["spec"]["containers"][0]["image"] for pod in cluster.all("Pod")}) <= 1
        cluster.pass_time(0.1)
    assert revisions(cluster) == {"1": 0, "2": 2}


def test_a_rollback_reuses_the_old_replica_set_with_a_new_revision(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web"))
    cluster.pass_time(1)
    (first,) = cluster.names("ReplicaSet")
    for image in ("web:2", "web:1"):
        cluster.change("Deployment", "web", template=template("web", image))
        cluster.pass_time(2)
    assert revisions(cluster) == {"2": 0, "3": 1}
    annotations = cluster.get("ReplicaSet", first)["metadata"]["annotations"]
    assert (annotations[REVISION], annotations[HISTORY]) == ("3", "1")


def test_old_replica_sets_beyond_the_history_limit_are_deleted(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", revisionHistoryLimit=1))
    for number in range(1, 5):
        cluster.change("Deployment", "web", template=template("web", f"web:{number}"))
        cluster.pass_time(2)
    assert revisions(cluster) == {"3": 0, "4": 1}


def test_scaling_writes_the_new_bounds(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=2))
    cluster.pass_time(1)
    cluster.change("Deployment", "web", replicas=3)
    cluster.pass_time(1)
    (replica_set,) = cluster.all("ReplicaSet")
    assert replica_set["metadata"]["annotations"] == {
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
        REVISION: "1",
    }
    assert cluster.get("Deployment", "web")["status"]["readyReplicas"] == 3
    cluster.change("Deployment", "web", replicas=0)
    cluster.pass_time(1)
    assert cluster.all("Pod") == []


def test_a_paused_deployment_scales_but_does_not_roll_out(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web"))
    cluster.pass_time(1)
    cluster.change("Deployment", "web", paused=True, replicas=2, template=template("web", "web:2"))
    cluster.pass_time(2)
    assert revisions(cluster) == {"1": 2}
    assert condition(cluster.get("Deployment", "web"), "Progressing")[:2] == ("Unknown", "DeploymentPaused")
    cluster.change("Deployment", "web", paused=False)
    cluster.pass_time(3)
    assert revisions(cluster) == {"1": 0, "2": 2}
    assert condition(cluster.get("Deployment", "web"), "Progressing")[1] == "NewReplicaSetAvailable"


def test_a_broken_image_is_reported_by_the_pod_and_the_rollout_times_out(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", "web:broken", progressDeadlineSeconds=30))
    cluster.pass_time(5)
    (pod,) = cluster.all("Pod")
    waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
    assert pod["status"]["phase"] == "Pending"
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"].startswith('Back-off pulling image "web:broken": ErrImagePull: ')
    assert [reason for reason, _ in cluster.events("Pod")][-4:] == ["Failed", "Failed", "BackOff", "Failed"]
    assert condition(cluster.get("Deployment", "web"), "Progressing")[1] == "ReplicaSetUpdated"
    cluster.pass_time(40)
    (name,) = cluster.names("ReplicaSet")
    text = f'ReplicaSet "{name}" has timed out progressing.'
    assert condition(cluster.get("Deployment", "web"), "Progressing") == (
        "False",
        "ProgressDeadlineExceeded",
        text,
    )


def test_fixing_a_broken_rollout_replaces_the_broken_pods(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", "web:broken", replicas=2))
    cluster.pass_time(2)
    cluster.change("Deployment", "web", template=template("web", "web:1"))
    cluster.pass_time(3)
    assert revisions(cluster) == {"1": 0, "2": 2}
    assert cluster.get("Deployment", "web")["status"]["availableReplicas"] == 2


def test_a_lost_pod_is_replaced(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web"))
    cluster.pass_time(1)
    (lost,) = cluster.names("Pod")
    cluster.delete("Pod", lost)
    cluster.pass_time(1)
    (found,) = cluster.names("Pod")
    assert found != lost
    assert cluster.get("Deployment", "web")["status"]["readyReplicas"] == 1


def test_matching_orphans_are_adopted(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web"))
    cluster.pass_time(1)
    (name,) = cluster.names("ReplicaSet")
    cluster.store.patch("replicasets.apps", "demo", name, {"metadata": {"ownerReferences": None}})
    cluster.controllers.run_until_idle()
    assert cluster.names("ReplicaSet") == [name]
    assert cluster.get("ReplicaSet", name)["metadata"]["ownerReferences"][0]["name"] == "web"


def test_a_rejected_pod_is_reported_by_replica_set_and_deployment(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = ApiError(403, "Forbidden", 'pods "web" is forbidden: exceeded quota: team')
    create = cluster.store.create

    def refuse_pods(manifest: Object, *, manager: str) -> Object:
        if manifest["kind"] == "Pod":
            raise refusal
        return create(manifest, manager=manager)

    monkeypatch.setattr(cluster.store, "create", refuse_pods)
    create(workload("Deployment", "web"), manager="test")
    cluster.controllers.run_until_idle()
    expected = ("True", "FailedCreate", refusal.message)
    assert condition(cluster.all("ReplicaSet")[0], "ReplicaFailure") == expected
    assert condition(cluster.get("Deployment", "web"), "ReplicaFailure") == expected
    assert ("FailedCreate", f"Error creating: {refusal.message}") in cluster.events("ReplicaSet")

    monkeypatch.undo()
    cluster.pass_time(10)
    assert [each["type"] for each in cluster.get("Deployment", "web")["status"]["conditions"]] == [
        "Available",
        "Progressing",
    ]


def test_an_idle_cluster_writes_nothing(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=3))
    cluster.create(thing("Service", "web", {"selector": {"app": "web"}, "ports": [{"port": 80}]}))
    cluster.pass_time(5)
    before = {
        kind: cluster.all(kind) for kind in ("Deployment", "ReplicaSet", "Pod", "Service", "EndpointSlice")
    }
    cluster.pass_time(600)
    assert {kind: cluster.all(kind) for kind in before} == before


def test_a_new_deployment_adopts_the_orphans_of_a_deleted_one(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=2))
    cluster.pass_time(1)
    (replica_set,), pods = cluster.names("ReplicaSet"), cluster.names("Pod")
    cluster.store.delete("deployments.apps", "demo", "web", propagation="Background")
    cluster.store.patch("replicasets.apps", "demo", replica_set, {"metadata": {"ownerReferences": None}})
    cluster.controllers.run_until_idle()
    made = cluster.create(workload("Deployment", "web", replicas=2))
    cluster.pass_time(1)
    assert (cluster.names("ReplicaSet"), cluster.names("Pod")) == ([replica_set], pods)
    (owner,) = cluster.get("ReplicaSet", replica_set)["metadata"]["ownerReferences"]
    assert owner["uid"] == made["metadata"]["uid"]
    assert cluster.get("Deployment", "web")["status"]["readyReplicas"] == 2
