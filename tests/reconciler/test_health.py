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
            id="deployment-starting",
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
            id="deployment-of-zero-replicas",
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


OBSERVED = {"observedGeneration": 2}
ROLLING = {
    **OBSERVED,
    "readyReplicas": 2,
    "updatedReplicas": 1,
    "currentRevision": "a",
    "updateRevision": "b",
}
ON_DELETE = {"replicas": 2, "updateStrategy": {"type": "OnDelete"}}
PARTITIONED = {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}}
NO_QUOTA = condition("ReplicaFailure", "True", "FailedCreate", "quota")
FORBIDDEN = "Pods cannot be created: a quota or a policy may forbid them. (FailedCreate: quota)"
CONTAINER = {"containers": [{"name": "app"}]}


def pod(phase: str = "", *conditions: dict[str, str], **status: Any) -> dict[str, Any]:
    return obj("v1", "Pod", CONTAINER, {"phase": phase, "conditions": list(conditions), **status})


def crash(**waiting: str) -> dict[str, Any]:
    state = {"waiting": {"reason": "CrashLoopBackOff", **waiting}}
    return pod("Pending", containerStatuses=[{"name": "app", "image": "app:1", "state": state}])


CASES = {
    "a Deployment whose pods are forbidden": (
        obj("apps/v1", "Deployment", {"replicas": 3}, {**OBSERVED, "conditions": [NO_QUOTA]}),
        Health("failed", "0/3", FORBIDDEN),
    ),
    "a paused Deployment": (
        obj("apps/v1", "Deployment", {"replicas": 3, "paused": True}, ALL_READY),
        Health("waiting", "3/3", "The rollout is paused."),
    ),
    "a Deployment with pods of the old version": (
        obj("apps/v1", "Deployment", {"replicas": 3}, {**ALL_READY, "replicas": 4}),
        Health("progressing", "3/3", "Pods of the old version are being removed."),
    ),
    "a Deployment without a status": (
        obj("apps/v1", "Deployment", status="none"),
        Health("progressing", "0/1", "The latest change has not been observed yet."),
    ),
    "a StatefulSet that is not observed": (
        obj("apps/v1", "StatefulSet"),
        Health("progressing", "0/1", "The latest change has not been observed yet."),
    ),
    "a StatefulSet that is rolled out": (
        obj("apps/v1", "StatefulSet", {"replicas": 2}, ROLLING),
        Health("progressing", "2/2", "1 of 2 pods run the new version."),
    ),
    "a StatefulSet whose pods are replaced on deletion": (
        obj("apps/v1", "StatefulSet", ON_DELETE, ROLLING),
        Health("ready", "2/2"),
    ),
    "a StatefulSet with a partition": (
        obj("apps/v1", "StatefulSet", PARTITIONED, ROLLING),
        Health("ready", "2/2"),
    ),
    "a DaemonSet that is not observed": (
        obj("apps/v1", "DaemonSet", {}, {"observedGeneration": 1}),
        Health("progressing", "0/0", "The latest change has not been observed yet."),
    ),
    "a DaemonSet that is rolled out": (
        obj("apps/v1", "DaemonSet", {}, {**OBSERVED, "desiredNumberScheduled": 2, "numberReady": 2}),
        Health("progressing", "2/2", "0 of 2 pods run the new version."),
    ),
    "a DaemonSet whose pods start": (
        obj(
            "apps/v1", "DaemonSet", {}, {**OBSERVED, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2}
        ),
        Health("progressing", "0/2", "0 of 2 pods are ready."),
    ),
    "a ReplicaSet": (obj("apps/v1", "ReplicaSet", {}, {"readyReplicas": 1}), Health("ready", "1/1")),
    "a ReplicaSet whose pods start": (
        obj("apps/v1", "ReplicaSet", {"replicas": 2}, {"readyReplicas": 1}),
        Health("progressing", "1/2", "1 of 2 pods are ready."),
    ),
    "a ReplicaSet whose pods are forbidden": (
        obj("apps/v1", "ReplicaSet", {}, {"conditions": [NO_QUOTA]}),
        Health("failed", "0/1", FORBIDDEN),
    ),
    "a complete Job": (
        obj("batch/v1", "Job", {}, {"succeeded": 1, "conditions": [condition("Complete", "True")]}),
        Health("ready", "1/1"),
    ),
    "a suspended Job": (
        obj("batch/v1", "Job", {"suspend": True}),
        Health("waiting", "0/1", "The job is suspended."),
    ),
    "a suspended CronJob": (
        obj("batch/v1", "CronJob", {"schedule": "@daily", "suspend": True}),
        Health("ready", "@daily", "The schedule is suspended."),
    ),
    "a pod that crashes": (
        crash(message="back-off 5s"),
        Health(
            "failed",
            "0/1",
            "The container keeps crashing: look at its logs. (CrashLoopBackOff: back-off 5s)",
        ),
    ),
    "a pod that crashes without a message": (
        crash(),
        Health(
            "failed",
            "0/1",
            "The container keeps crashing: look at its logs. "
            "(CrashLoopBackOff: container app does not start)",
        ),
    ),
    "a failed pod": (pod("Failed", reason="Evicted"), Health("failed", "0/1", "The pod failed: Evicted")),
    "a succeeded pod": (pod("Succeeded"), Health("ready", "0/1")),
    "a ready pod": (
        pod("Running", condition("Ready", "True"), containerStatuses=[{"name": "app", "ready": True}]),
        Health("ready", "1/1"),
    ),
    "a pod that starts": (
        pod("Running"),
        Health("progressing", "0/1", "The pod is running and not ready yet."),
    ),
    "a lost claim": (
        obj("v1", "PersistentVolumeClaim", {}, {"phase": "Lost"}),
        Health("failed", "Lost", "The bound volume is lost."),
    ),
    "a pending claim": (
        obj("v1", "PersistentVolumeClaim"),
        Health("progressing", "Pending", "Not bound to a volume yet."),
    ),
    "a load balancer": (
        obj("v1", "Service", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"hostname": "lb.x"}]}}),
        Health("ready", "lb.x"),
    ),
    "a Service": (obj("v1", "Service"), Health("ready", "ClusterIP")),
    "an Ingress without an address": (
        obj("networking.k8s.io/v1", "Ingress"),
        Health("progressing", "", "Waiting for an address from the ingress controller."),
    ),
    "an autoscaler of nothing": (
        obj(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            {},
            {"conditions": [condition("ScalingActive", "False", "ScalingDisabled")]},
        ),
        Health("ready", "0/0"),
    ),
    "a disruption budget": (
        obj("policy/v1", "PodDisruptionBudget", {}, {"currentHealthy": 2, "desiredHealthy": 1}),
        Health("ready", "2/1"),
    ),
    "a namespace": (obj("v1", "Namespace"), Health("ready", "Active")),
    "a terminating namespace": (
        obj("v1", "Namespace", {}, {"phase": "Terminating"}),
        Health("deleting", "Terminating"),
    ),
    "a definition whose names are refused": (
        obj(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {},
            {"conditions": [condition("NamesAccepted", "False", "ListKindConflict", "in use")]},
        ),
        Health("failed", "", "ListKindConflict: in use"),
    ),
    "an established definition": (
        obj(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {},
            {"conditions": [condition("Established", "True")]},
        ),
        Health("ready"),
    ),
    "a new definition": (
        obj("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        Health("progressing", "", "The kind is not established yet."),
    ),
    "a stalled custom resource": (
        obj(
            "example.com/v1", "Thing", {}, {"conditions": [condition("Stalled", "True", "Broken", "no disk")]}
        ),
        Health("failed", "", "Broken: no disk"),
    ),
    "an instance inside that failed": (
        obj(
            "example.com/v1",
            "Thing",
            {},
            {"state": "ERROR", "conditions": [condition("Ready", "False", "NotReady", "a: taken")]},
        ),
        Health("failed", "", "NotReady: a: taken"),
    ),
    "a ready custom resource": (
        obj("example.com/v1", "Thing", {}, {"conditions": [condition("Ready", "True")]}),
        Health("ready"),
    ),
    "an object without a spec": (obj("v1", "Service", spec="none"), Health("ready", "ClusterIP")),
    "conditions that are no list": (
        obj("example.com/v1", "Thing", {}, {"conditions": "none"}),
        Health("ready"),
    ),
    "an object that is deleted in the foreground": (
        obj("v1", "ConfigMap", deletionTimestamp="now", finalizers=["foregroundDeletion"]),
        Health("deleting", "", "Being deleted."),
    ),
}


@pytest.mark.parametrize(("live", "expected"), CASES.values(), ids=CASES.keys())
def test_health_of_other_states(live: dict[str, Any], expected: Health) -> None:
    assert health_of(live) == expected
