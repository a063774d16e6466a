"""Defaults of storage, scaling, access and extension kinds."""

from __future__ import annotations

import copy
from typing import Any

Manifest = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"

SCALE_UP: Manifest = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
SCALE_DOWN: Manifest = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
CPU_TARGET: Manifest = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}


def storage_class(manifest: Manifest) -> None:
    manifest.setdefault("reclaimPolicy", "Delete")
    manifest.setdefault("volumeBindingMode", "Immediate")


def autoscaler(manifest: Manifest) -> None:
    spec = manifest["spec"]
    spec.setdefault("minReplicas", 1)
    if not manifest["apiVersion"].endswith("/v2"):
        return
    if not spec.get("metrics"):
        spec["metrics"] = [copy.deepcopy(CPU_TARGET)]
    behavior = spec.get("behavior")
    if isinstance(behavior, dict):
        behavior["scaleUp"] = copy.deepcopy(SCALE_UP) | (behavior.get("scaleUp") or {})
        behavior["scaleDown"] = copy.deepcopy(SCALE_DOWN) | (behavior.get("scaleDown") or {})


def role_binding(manifest: Manifest) -> None:
    manifest["roleRef"].setdefault("apiGroup", RBAC)
    for subject in manifest.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", RBAC)
        elif subject.get("kind") == "ServiceAccount" and not subject.get("apiGroup"):
            subject.pop("apiGroup", None)


def priority_class(manifest: Manifest) -> None:
    manifest.setdefault("preemptionPolicy", "PreemptLowerPriority")


def definition(manifest: Manifest) -> None:
    spec = manifest["spec"]
    spec.setdefault("conversion", {}).setdefault("strategy", "None")
    names = spec["names"]
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    status = manifest["status"]
    if status.get("storedVersions") is None:
        stored = [version.get("name", "") for version in spec.get("versions") or () if version.get("storage")]
        status["storedVersions"] = stored


def admission_policy(manifest: Manifest) -> None:
    spec = manifest["spec"]
    spec.setdefault("failurePolicy", "Fail")
    constraints = spec.get("matchConstraints")
    if isinstance(constraints, dict):
        constraints.setdefault("matchPolicy", "Equivalent")
        constraints.setdefault("namespaceSelector", {})
        constraints.setdefault("objectSelector", {})
        for rule in constraints.get("resourceRules") or ():
            rule.setdefault("scope", "*")


def webhooks(manifest: Manifest) -> None:
    for hook in manifest.get("webhooks") or ():
        hook.setdefault("failurePolicy", "Fail")
        hook.setdefault("matchPolicy", "Equivalent")
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        hook.setdefault("timeoutSeconds", 10)
        service = (hook.get("clientConfig") or {}).get("service")
        if isinstance(service, dict):
            service.setdefault("port", 443)
