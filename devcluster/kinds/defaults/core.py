"""Defaults of the kinds of the core group."""

from __future__ import annotations

import base64
from typing import Any

from devcluster.kinds.defaults.pods import fill_spec, fill_template, quality_of_service, request_limits

Manifest = dict[str, Any]


def secret(manifest: Manifest) -> None:
    if not manifest.get("type"):
        manifest["type"] = "Opaque"
    strings = manifest.pop("stringData", None)
    if strings:
        data = dict(manifest.get("data") or {})
        data.update({key: base64.b64encode(str(text).encode()).decode() for key, text in strings.items()})
        manifest["data"] = data


def namespace(manifest: Manifest) -> None:
    metadata = manifest["metadata"]
    if metadata.get("name"):
        metadata["labels"] = (metadata.get("labels") or {}) | {
            "kubernetes.io/metadata.name": metadata["name"]
        }


def service(manifest: Manifest) -> None:
    spec = manifest["spec"]
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("type", "ClusterIP")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    if spec["sessionAffinity"] == "ClientIP":
        affinity = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        affinity.setdefault("timeoutSeconds", 10800)
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer", "ClusterIP"):
        spec.setdefault("internalTrafficPolicy", "Cluster")
    for point in manifest["status"]["loadBalancer"].get("ingress") or ():
        if point.get("ip"):
            point.setdefault("ipMode", "VIP")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def endpoints(manifest: Manifest) -> None:
    for subset in manifest.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


TOLERATED = ("not-ready", "unreachable")


def pod(manifest: Manifest) -> None:
    spec = manifest["spec"]
    fill_spec(spec)
    request_limits(spec)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for condition in TOLERATED:
        key = f"node.kubernetes.io/{condition}"
        if not any(entry.get("key") in (key, None, "") for entry in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )
    status = manifest.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", quality_of_service(spec))


def pod_template(manifest: Manifest) -> None:
    fill_template(manifest.setdefault("template", {}))


def claim(manifest: Manifest) -> None:
    manifest["spec"].setdefault("volumeMode", "Filesystem")
    manifest["status"].setdefault("phase", "Pending")


def volume(manifest: Manifest) -> None:
    spec = manifest["spec"]
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    if isinstance(spec.get("hostPath"), dict):
        spec["hostPath"].setdefault("type", "")
    manifest["status"].setdefault("phase", "Pending")


def limit_range(manifest: Manifest) -> None:
    for limit in manifest["spec"].get("limits") or ():
        if limit.get("type") != "Container":
            continue
        for name, amount in (limit.get("max") or {}).items():
            limit.setdefault("default", {}).setdefault(name, amount)
        for source in (limit.get("default") or {}, limit.get("min") or {}):
            for name, amount in source.items():
                limit.setdefault("defaultRequest", {}).setdefault(name, amount)
