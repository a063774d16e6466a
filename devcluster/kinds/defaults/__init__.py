"""Defaults of built-in kinds.

`fill` changes the given manifest, which must be a copy. `zero` is the empty object of a kind: structures that
exist even if no manager wrote them, so that they have no owner.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from devcluster.kinds.defaults import batch, core, networking, policy, workloads
from devcluster.kinds.defaults.pods import POD_ZERO, TEMPLATE_ZERO

Manifest = dict[str, Any]
Filler = Callable[[Manifest], None]

FILLERS: dict[tuple[str, str], Filler] = {
    ("", "Secret"): core.secret,
    ("", "Namespace"): core.namespace,
    ("", "Service"): core.service,
    ("", "Endpoints"): core.endpoints,
    ("", "Pod"): core.pod,
    ("", "PodTemplate"): core.pod_template,
    ("", "PersistentVolumeClaim"): core.claim,
    ("", "PersistentVolume"): core.volume,
    ("", "LimitRange"): core.limit_range,
    ("", "ReplicationController"): workloads.replication_controller,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("batch", "Job"): batch.job,
    ("batch", "CronJob"): batch.cron_job,
    ("networking.k8s.io", "IngressClass"): networking.ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): networking.network_policy,
    ("discovery.k8s.io", "EndpointSlice"): networking.endpoint_slice,
    ("storage.k8s.io", "StorageClass"): policy.storage_class,
    ("autoscaling", "HorizontalPodAutoscaler"): policy.autoscaler,
    ("rbac.authorization.k8s.io", "RoleBinding"): policy.role_binding,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): policy.role_binding,
    ("scheduling.k8s.io", "PriorityClass"): policy.priority_class,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): policy.definition,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): policy.admission_policy,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): policy.webhooks,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): policy.webhooks,
}

SPEC_STATUS: Manifest = {"spec": {}, "status": {}}
LOAD_BALANCED: Manifest = {"spec": {}, "status": {"loadBalancer": {}}}
ZEROS: dict[str, Manifest] = {
    "Deployment": {"spec": {"selector": None, "template": TEMPLATE_ZERO, "strategy": {}}, "status": {}},
    "ReplicaSet": {"spec": {"selector": None, "template": TEMPLATE_ZERO}, "status": {"replicas": 0}},
    "StatefulSet": {
        "spec": {"selector": None, "template": TEMPLATE_ZERO, "serviceName": "", "updateStrategy": {}},
        "status": {"replicas": 0, "availableReplicas": 0},
    },
    "DaemonSet": {
        "spec": {"selector": None, "template": TEMPLATE_ZERO, "updateStrategy": {}},
        "status": {
            "currentNumberScheduled": 0,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": 0,
            "numberReady": 0,
        },
    },
    "ReplicationController": {"spec": {}, "status": {"replicas": 0}},
    "Job": {"spec": {"template": TEMPLATE_ZERO}, "status": {}},
    "CronJob": {"spec": {"jobTemplate": {"metadata": {}, "spec": {"template": TEMPLATE_ZERO}}}, "status": {}},
    "Pod": {"spec": POD_ZERO, "status": {}},
    "PodTemplate": {"template": TEMPLATE_ZERO},
    "Service": LOAD_BALANCED,
    "Ingress": LOAD_BALANCED,
    "IngressClass": {"spec": {}},
    "NetworkPolicy": {"spec": {}},
    "Namespace": SPEC_STATUS,
    "PersistentVolumeClaim": {"spec": {"resources": {}}, "status": {}},
    "PersistentVolume": SPEC_STATUS,
    "ResourceQuota": SPEC_STATUS,
    "LimitRange": {"spec": {}},
    "HorizontalPodAutoscaler": {
        "spec": {"scaleTargetRef": {}},
        "status": {"desiredReplicas": 0, "currentMetrics": None},
    },
    "PodDisruptionBudget": {
        "spec": {},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
    },
    "RoleBinding": {"roleRef": {}},
    "ClusterRoleBinding": {"roleRef": {}},
    "ClusterRole": {"rules": None},
    "Role": {"rules": None},
    "Lease": {"spec": {}},
    "Node": {
        "spec": {},
        "status": {
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
            "nodeInfo": dict.fromkeys(
                [
                    "machineID",
                    "systemUUID",
                    "bootID",
                    "kernelVersion",
                    "osImage",
                    "containerRuntimeVersion",
                    "kubeletVersion",
                    "kubeProxyVersion",
                    "operatingSystem",
                    "architecture",
                ],
                "",
            ),
        },
    },
    "CustomResourceDefinition": {
        "spec": {"group": "", "names": {"plural": "", "kind": ""}, "scope": "", "versions": None},
        "status": {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None},
    },
    "ValidatingAdmissionPolicy": SPEC_STATUS,
    "ValidatingAdmissionPolicyBinding": {"spec": {}},
    "EndpointSlice": {"addressType": "", "endpoints": None, "ports": None},
    "Event": {
        "involvedObject": {},
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    },
}


def zero(kind: str) -> Manifest:
    """The empty object of a kind."""
    return ZEROS.get(kind, {})


def fill(group: str, kind: str, manifest: Manifest) -> None:
    """Add the empty structures and the defaults of a kind where the manifest sets nothing."""
    fill_zero(kind, manifest)
    filler = FILLERS.get((group, kind))
    if filler is not None:
        filler(manifest)


def fill_zero(kind: str, manifest: Manifest) -> None:
    """Add only the empty structures of a kind."""
    _complete(manifest, zero(kind))


def _complete(manifest: Manifest, base: Manifest) -> None:
    for key, value in base.items():
        present = manifest.get(key)
        if present is None:
            if value is not None or key in SHOWN_NULL:
                manifest[key] = copy.deepcopy(_without_nulls(value))
        elif isinstance(value, dict) and isinstance(present, dict):
            _complete(present, value)


# Fields that are null if nothing was written.
SHOWN_NULL = frozenset(
    ("rules", "currentMetrics", "conditions", "endpoints", "firstTimestamp", "lastTimestamp", "eventTime")
)


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: _without_nulls(child) for key, child in value.items() if child is not None or key in SHOWN_NULL
    }
