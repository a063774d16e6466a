"""StatefulSets and DaemonSets."""

from __future__ import annotations

from tests.devcluster.controllers.cluster import Cluster, template, workload

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def images(cluster: Cluster) -> list[str]:
    return [pod["spec"]["containers"][0]["image"] for pod in cluster.all("Pod")]


def test_pods_of_a_stateful_set_start_in_order(cluster: Cluster) -> None:
    cluster.create(workload("StatefulSet", "db", replicas=2, serviceName="db"))
    assert cluster.names("Pod") == ["db-0"]
    cluster.pass_time(2)
    assert cluster.names("Pod") == ["db-0", "db-1"]
    pod = cluster.get("Pod", "db-1")
    (revision,) = cluster.names("ControllerRevision")
    assert pod["metadata"]["labels"] == {
        "app": "db",
        "apps.kubernetes.io/pod-index": "1",
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": "db-1",
    }
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-1", "db")
    assert cluster.get("StatefulSet", "db")["status"] == {
        "observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "currentReplicas": 2,
        "updatedReplicas": 2,
        "currentRevision": revision, "updateRevision": revision, "collisionCount": 0, "availableReplicas": 2,
    }  # fmt: skip


def test_each_pod_has_a_claim_that_outlives_it(cluster: Cluster) -> None:
    cluster.create(workload("StatefulSet", "db", replicas=2, volumeClaimTemplates=[CLAIM]))
    cluster.pass_time(3)
    assert cluster.names("PersistentVolumeClaim") == ["data-db-0", "data-db-1"]
    cluster.change("StatefulSet", "db", replicas=1)
    cluster.pass_time(2)
    assert cluster.names("Pod") == ["db-0"]
    assert cluster.names("PersistentVolumeClaim") == ["data-db-0", "data-db-1"]


def test_parallel_pods_start_together(cluster: Cluster) -> None:
    cluster.create(workload("StatefulSet", "db", replicas=3, podManagementPolicy="Parallel"))
    assert cluster.names("Pod") == ["db-0", "db-1", "db-2"]


def test_an_update_goes_from_the_last_pod_down_to_the_partition(cluster: Cluster) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    cluster.create(workload("StatefulSet", "db", "db:1", replicas=3, updateStrategy=strategy))
    cluster.pass_time(3)
    cluster.change("StatefulSet", "db", template=template("db", "db:2"))
    cluster.pass_time(0.35)
    assert images(cluster)[0] == "db:1"
    cluster.pass_time(3)
    assert images(cluster) == ["db:1", "db:2", "db:2"]
    cluster.change("StatefulSet", "db", updateStrategy={"rollingUpdate": {"partition": 0}})
    cluster.pass_time(3)
    assert images(cluster) == ["db:2", "db:2", "db:2"]
    status = cluster.get("StatefulSet", "db")["status"]
    assert status["currentRevision"] == status["updateRevision"]


def test_a_broken_update_of_a_stateful_set_can_be_fixed(cluster: Cluster) -> None:
    cluster.create(workload("StatefulSet", "db", "db:1", replicas=2))
    cluster.pass_time(2)
    cluster.change("StatefulSet", "db", template=template("db", "db:broken"))
    cluster.pass_time(2)
    assert images(cluster) == ["db:1", "db:broken"]
    cluster.change("StatefulSet", "db", template=template("db", "db:3"))
    cluster.pass_time(3)
    assert images(cluster) == ["db:3", "db:3"]


def test_a_daemon_set_runs_on_every_node(cluster: Cluster) -> None:
    cluster.create(workload("DaemonSet", "agent"))
    cluster.pass_time(1)
    assert sorted(pod["spec"]["nodeName"] for pod in cluster.all("Pod")) == ["node-1", "node-2", "node-3"]
    assert cluster.get("DaemonSet", "agent")["status"] == {
        "currentNumberScheduled": 3, "numberMisscheduled": 0, "desiredNumberScheduled": 3, "numberReady": 3,
        "observedGeneration": 1, "updatedNumberScheduled": 3, "numberAvailable": 3,
    }  # fmt: skip


def test_a_daemon_set_respects_its_node_selector(cluster: Cluster) -> None:
    pod = template("agent", nodeSelector={"topology.kubernetes.io/zone": "sim-1b"})
    cluster.create(workload("DaemonSet", "agent", template=pod))
    cluster.pass_time(1)
    assert [pod["spec"]["nodeName"] for pod in cluster.all("Pod")] == ["node-2"]
    assert cluster.get("DaemonSet", "agent")["status"]["desiredNumberScheduled"] == 1


def test_a_daemon_set_is_updated_node_by_node(cluster: Cluster) -> None:
    cluster.create(workload("DaemonSet", "agent", "agent:1"))
    cluster.pass_time(1)
    cluster.change("DaemonSet", "agent", template=template("agent", "agent:2"))
    for _ in range(30):
        ready = sum(pod["status"]["phase"] == "Running" for pod in cluster.all("Pod"))
        assert ready >= 2
        cluster.pass_time(0.1)
    assert images(cluster) == ["agent:2"] * 3


def test_ordinals_can_start_at_another_number(cluster: Cluster) -> None:
    cluster.create(
        workload("StatefulSet", "db", replicas=2, ordinals={"start": 5}, volumeClaimTemplates=[CLAIM])
    )
    cluster.pass_time(3)
    assert cluster.names("Pod") == ["db-5", "db-6"]
    assert cluster.names("PersistentVolumeClaim") == ["data-db-5", "data-db-6"]
