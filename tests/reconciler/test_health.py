"""The health of a live object, by its kind: state, fact, message."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.objects.health import Health, health_of


def obj(api_version: str, kind: str, spec: Any = None, status: Any = None, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "a", "generation": 2, **metadata},
        "spec": spec or {},
        "status": status or {},
    }


def condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


ALL_READY = {
    "observedGeneration": 2,
    "replicas": 3,
    "updatedReplicas": 3,
    "readyReplicas": 3,
    "availableReplicas": 3,
}


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param(
            obj("apps/v1", "Deployment", {"replicas": 3}, ALL_READY),
            Health("ready", "3/3"),
            id="deployment-ready",
        ),
        pytest.param(
            obj("apps/v1", "Deployment", {"replicas": 3}, {**ALL_READY, "observedGeneration": 1}),
            Health("progressing", "3/3", "The latest change has not been observed yet."),
            id="deployment-status-of-an-older-spec",
        ),
        pytest.param(
            obj("apps/v1", "Deployment", {"replicas": 3}, {**ALL_READY, "updatedReplicas": 1}),
            Health("progressing", "3/3", "1 of 3 pods run the new version."),
            id="deployment-rolling",
        ),
        pytest.param(
            obj(
                "apps/v1",
                "Deployment",
                {"replicas": 3},
                {**ALL_READY, "readyReplicas": 1, "availableReplicas": 1},
            ),
            Health("progressing", "1/3", "1 of 3 pods are ready."),
            id="deployment-coming-up",
        ),
        pytest.param(
            obj(
                "apps/v1",
                "Deployment",
                {"replicas": 3},
                {
                    **ALL_READY,
                    "conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded", "too slow")],
                },
            ),
            Health(
                "failed",
                "3/3",
                "The rollout exceeded its deadline: look at its pods. (ProgressDeadlineExceeded: too slow)",
            ),
            id="deployment-exceeded-its-deadline",
        ),
        pytest.param(
            obj(
                "apps/v1",
                "Deployment",
                {"replicas": 3},
                {
                    "observedGeneration": 2,
                    "replicas": 1,
                    "updatedReplicas": 1,
                    "readyReplicas": 1,
                    "availableReplicas": 1,
                    "conditions": [condition("Progressing", "True", "NewReplicaSetAvailable")],
                },
            ),
            Health("progressing", "1/3", "1 of 3 pods are ready."),
            id="deployment-scaled-up-after-its-rollout",
        ),
        pytest.param(
            obj("apps/v1", "Deployment", {"replicas": 0}, {"observedGeneration": 2}),
            Health("ready", "0/0"),
            id="deployment-of-none",
        ),
        pytest.param(
            obj("apps/v1", "StatefulSet", {"replicas": 2}, {"observedGeneration": 2, "readyReplicas": 1}),
            Health("progressing", "1/2", "1 of 2 pods are ready."),
            id="stateful-set",
        ),
        pytest.param(
            obj(
                "apps/v1",
                "DaemonSet",
                {},
                {
                    "observedGeneration": 2,
                    "desiredNumberScheduled": 2,
                    "numberReady": 2,
                    "updatedNumberScheduled": 2,
                    "numberAvailable": 2,
                },
            ),
            Health("ready", "2/2"),
            id="daemon-set",
        ),
        pytest.param(
            obj("batch/v1", "Job", {}, {"active": 1, "failed": 2}),
            Health("progressing", "0/1", "The job is running. 2 attempts failed."),
            id="job-running",
        ),
        pytest.param(
            obj("batch/v1", "Job", {}, {"conditions": [condition("Failed", "True", "BackoffLimitExceeded")]}),
            Health(
                "failed",
                "0/1",
                "It failed too often and is not retried: look at its logs. (BackoffLimitExceeded)",
            ),
            id="job-failed",
        ),
        pytest.param(
            obj("batch/v1", "CronJob", {"schedule": "0 3 * * *"}), Health("ready", "0 3 * * *"), id="cron-job"
        ),
        pytest.param(
            obj(
                "v1",
                "Pod",
                {"containers": [{"name": "app", "image": "shop:2"}]},
                {
                    "phase": "Pending",
                    "containerStatuses": [
                        {
                            "name": "app",
                            "ready": False,
                            "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}},
                        }
                    ],
                },
            ),
            Health(
                "failed",
                "0/1",
                "The image shop:2 cannot be pulled: check its name and tag, and the cluster's access to it."
                " (ImagePullBackOff: no such image)",
            ),
            id="pod-without-image",
        ),
        pytest.param(
            obj(
                "v1",
                "Pod",
                {"containers": [{"name": "app"}]},
                {
                    "phase": "Pending",
                    "conditions": [condition("PodScheduled", "False", "Unschedulable", "no node")],
                },
            ),
            Health(
                "waiting",
                "0/1",
                "No node has enough capacity or matches the scheduling rules. (Unschedulable: no node)",
            ),
            id="pod-without-node",
        ),
        pytest.param(
            obj("v1", "PersistentVolumeClaim", {}, {"phase": "Bound", "capacity": {"storage": "1Gi"}}),
            Health("ready", "1Gi"),
            id="claim-bound",
        ),
        pytest.param(
            obj("v1", "Service", {"type": "LoadBalancer"}),
            Health("progressing", "", "Waiting for the address of the load balancer."),
            id="load-balancer-without-address",
        ),
        pytest.param(
            obj("networking.k8s.io/v1", "Ingress", {}, {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}),
            Health("ready", "10.0.0.1"),
            id="ingress-with-address",
        ),
        pytest.param(
            obj(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                {},
                {
                    "currentReplicas": 1,
                    "desiredReplicas": 2,
                    "conditions": [
                        condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics")
                    ],
                },
            ),
            Health(
                "degraded",
                "1/2",
                "The load cannot be measured: the cluster needs a metrics server. "
                "(FailedGetResourceMetric: no metrics)",
            ),
            id="autoscaler-without-metrics",
        ),
        pytest.param(
            obj("autoscaling/v2", "HorizontalPodAutoscaler"),
            Health("progressing", "0/0", "The autoscaler has not evaluated its target yet."),
            id="autoscaler-not-evaluated",
        ),
        pytest.param(obj("example.com/v1", "Thing"), Health("ready"), id="a-kind-without-conditions"),
        pytest.param(
            obj("example.com/v1", "Thing", {}, {"conditions": [condition("Ready", "False", "Busy", "soon")]}),
            Health("progressing", "", "Busy: soon"),
            id="a-kind-that-is-not-ready",
        ),
        pytest.param(
            obj(
                "example.com/v1",
                "Thing",
                {},
                {"conditions": [{**condition("Ready", "True"), "observedGeneration": 1}]},
            ),
            Health("progressing", "", "The latest change has not been observed yet."),
            id="a-kind-whose-condition-is-stale",
        ),
        pytest.param(
            obj("v1", "ConfigMap", deletionTimestamp="now", finalizers=["b.com/x", "a.com/y"]),
            Health("deleting", "", "Being deleted; waiting for the finalizer a.com/y, b.com/x."),
            id="held-by-finalizers",
        ),
    ],
)
def test_health(live: dict[str, Any], expected: Health) -> None:
    assert health_of(live) == expected
