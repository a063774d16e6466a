"""Autoscalers, disruption budgets, quotas, namespaces and events."""

from __future__ import annotations

import pytest

from devcluster.controllers.framework.objects import Object
from devcluster.controllers.policy.autoscaling import desired_size
from devcluster.controllers.policy.disruption import status_of
from tests.devcluster.controllers.cluster import Cluster, condition, namespace, thing, workload


def scaler(low: int, high: int) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return thing(
        "HorizontalPodAutoscaler", "web", {"minReplicas": low, "maxReplicas": high, "scaleTargetRef": target}
    )


@pytest.mark.parametrize(("current", "desired"), [(0, 0), (1, 2), (2, 2), (4, 4), (9, 5)])
def test_an_autoscaler_keeps_within_its_limits(current: int, desired: int) -> None:
    assert desired_size({"minReplicas": 2, "maxReplicas": 5}, current) == desired


def test_an_autoscaler_brings_its_target_to_the_minimum(cluster: Cluster) -> None:
    cluster.create(workload("Deployment", "web", replicas=1))
    cluster.create(scaler(3, 5))
    cluster.pass_time(2)
    assert cluster.get("Deployment", "web")["status"]["readyReplicas"] == 3
    found = cluster.get("HorizontalPodAutoscaler", "web")
    assert (found["status"]["currentReplicas"], found["status"]["desiredReplicas"]) == (3, 3)
    assert condition(found, "AbleToScale")[:2] == ("True", "ReadyForNewScale")
    assert condition(found, "ScalingActive")[0] == "True"
    assert [reason for reason, _ in cluster.events("HorizontalPodAutoscaler")] == ["SuccessfulRescale"]


def test_an_autoscaler_without_its_target_reports_it(cluster: Cluster) -> None:
    cluster.create(scaler(1, 5))
    cluster.pass_time(2)
    assert condition(cluster.get("HorizontalPodAutoscaler", "web"), "AbleToScale")[:2] == (
        "False",
        "FailedGetScale",
    )


@pytest.mark.parametrize(
    ("spec", "healthy", "allowed", "needed"),
    [
        pytest.param({"minAvailable": 1}, 3, 2, 1, id="one must remain"),
        pytest.param({"minAvailable": "50%"}, 3, 1, 2, id="half rounds up"),
        pytest.param({"maxUnavailable": 1}, 3, 1, 2, id="one may be evicted"),
        pytest.param({"maxUnavailable": 1}, 2, 0, 2, id="one is already missing"),
        pytest.param({"minAvailable": 5}, 3, 0, 5, id="more than exist"),
    ],
)
def test_a_budget_allows_as_many_disruptions(
    cluster: Cluster, spec: Object, healthy: int, allowed: int, needed: int
) -> None:
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    budget = {"metadata": {"generation": 1}, "spec": spec}
    status = status_of(budget, [ready] * healthy, 3, cluster.clock.now())
    assert (status["disruptionsAllowed"], status["desiredHealthy"]) == (allowed, needed)
    assert condition({"status": status}, "DisruptionAllowed")[0] == str(allowed > 0)


def test_a_budget_follows_its_pods(cluster: Cluster) -> None:
    cluster.create(
        thing("PodDisruptionBudget", "web", {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}})
    )
    cluster.create(workload("Deployment", "web", replicas=3))
    cluster.pass_time(1)
    status = cluster.get("PodDisruptionBudget", "web")["status"]
    counts = {
        field: status[field]
        for field in ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
    }
    assert counts == {"currentHealthy": 3, "desiredHealthy": 1, "disruptionsAllowed": 2, "expectedPods": 3}


def test_a_quota_reports_what_is_used(cluster: Cluster) -> None:
    hard = {
        "pods": "10",
        "requests.cpu": "2",
        "requests.memory": "1Gi",
        "count/deployments.apps": "5",
        "services": "3",
    }
    cluster.create(thing("ResourceQuota", "team", {"hard": hard}))
    body = workload("Deployment", "web", replicas=3)
    asked = {"requests": {"cpu": "150m", "memory": "64Mi"}}
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = asked
    cluster.create(body)
    cluster.pass_time(1)
    assert cluster.get("ResourceQuota", "team")["status"] == {
        "hard": hard,
        "used": {
            "pods": "3",
            "requests.cpu": "450m",
            "requests.memory": "192Mi",
            "count/deployments.apps": "1",
            "services": "0",
        },
    }
    cluster.change("Deployment", "web", replicas=0)
    cluster.pass_time(1)
    assert cluster.get("ResourceQuota", "team")["status"]["used"]["requests.cpu"] == "0"


def test_each_namespace_has_a_service_account_and_the_certificate(cluster: Cluster) -> None:
    cluster.create(namespace("fresh"))
    assert cluster.store.get("serviceaccounts", "fresh", "default") is not None
    assert cluster.store.get("configmaps", "fresh", "kube-root-ca.crt") is not None
    cluster.store.delete("serviceaccounts", "fresh", "default")
    cluster.controllers.run_until_idle()
    assert cluster.store.get("serviceaccounts", "fresh", "default") is not None


def test_equal_events_are_counted_and_old_ones_deleted(cluster: Cluster) -> None:
    cluster.create(thing("Pod", "bare", {"containers": [{"name": "main", "image": "web:crash"}]}))
    cluster.pass_time(5)
    repeated = [event for event in cluster.all("Event") if event["reason"] == "BackOff"]
    assert len(repeated) == 1
    assert repeated[0]["count"] > 2
    cluster.delete("Pod", "bare", grace=0)
    cluster.pass_time(2 * 3600)
    assert cluster.all("Event") == []


def test_three_ready_nodes_are_in_three_zones() -> None:
    nodes = Cluster().all("Node")
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes]
    assert zones == ["sim-1a", "sim-1b", "sim-1c"]
    assert all(condition(node, "Ready")[0] == "True" and not node["spec"].get("taints") for node in nodes)
