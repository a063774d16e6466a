"""What the server adds to objects, or rejects, by kind: namespaces, addresses of Services, finalizers."""

from __future__ import annotations

import copy
from typing import Any

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import forbidden, invalid, not_found
from devcluster.machinery.metadata import invalid_value
from devcluster.storage.memory import Manifest, Memory

KEEPS_STATUS = frozenset(("Node", "Event"))
NODE_PORTS = (30000, 32767)
ADDRESS_FIELDS = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")


class Allocations:
    """Allocates cluster addresses (10.96.0.0/16) and node ports to Services."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._next_address = 256
        self._next_port = NODE_PORTS[0]

    def _services(self) -> list[Manifest]:
        return list(self._memory.table("services").objects.values())

    def address(self) -> str:
        used = {service["spec"].get("clusterIP") for service in self._services()}
        while True:
            self._next_address = self._next_address % 65000 + 1
            address = f"10.96.{self._next_address >> 8}.{self._next_address & 255}"
            if self._next_address > 10 and address not in used:
                return address

    def ports(self) -> set[int]:
        return {
            port["nodePort"]
            for service in self._services()
            for port in service["spec"].get("ports") or ()
            if port.get("nodePort")
        }

    def port(self, used: set[int]) -> int:
        while True:
            self._next_port = NODE_PORTS[0] + (self._next_port + 1 - NODE_PORTS[0]) % (
                NODE_PORTS[1] - NODE_PORTS[0]
            )
            if self._next_port not in used:
                return self._next_port


def check_namespace(memory: Memory, kind: Kind, namespace: str, name: str) -> None:
    """Raises 404 if the namespace does not exist, 403 if it is being deleted."""
    found = memory.get("namespaces", "", namespace)
    if found is None:
        raise not_found("namespaces", "", namespace)
    if found["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        error = forbidden(kind.plural, kind.group, name, why)
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
        error.details = (error.details or {}) | {"causes": [cause]}
        raise error


def check_definition(memory: Memory, kind: Kind, name: str) -> None:
    """Raises 403 if the CRD of the kind is being deleted."""
    if not kind.definition:
        return
    found = memory.get("customresourcedefinitions.apiextensions.k8s.io", "", kind.definition)
    if found is not None and found["metadata"].get("deletionTimestamp"):
        why = "create not allowed while custom resource definition is terminating"
        raise forbidden(kind.plural, kind.group, name, why)


def on_create(kind: Kind, manifest: Manifest) -> None:
    if kind.resource == "persistentvolumeclaims":
        _protect(manifest, "kubernetes.io/pvc-protection")
    elif kind.resource == "persistentvolumes":
        _protect(manifest, "kubernetes.io/pv-protection")
        manifest["status"]["lastPhaseTransitionTime"] = manifest["metadata"]["creationTimestamp"]
    elif kind.resource == "nodes":
        taints = manifest["spec"].setdefault("taints", [])
        taints.append({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"})
    elif kind.resource == "priorityclasses.scheduling.k8s.io":
        manifest.setdefault("value", 0)


def on_update(kind: Kind, live: Manifest, manifest: Manifest) -> None:
    if kind.resource == "namespaces":
        manifest["spec"] = live.get("spec", {})


def allocate(kind: Kind, live: Manifest | None, manifest: Manifest, allocations: Allocations) -> None:
    """Set what the server allocates to Services and namespaces; no manager owns these fields."""
    if kind.resource == "services":
        _allocate_service(manifest, live, allocations)
    elif kind.resource == "namespaces" and live is None:
        manifest["spec"] = {"finalizers": ["kubernetes"]}
        manifest["status"] = {"phase": "Active"}


def _protect(manifest: Manifest, finalizer: str) -> None:
    finalizers = manifest["metadata"].setdefault("finalizers", [])
    if finalizer not in finalizers:
        finalizers.append(finalizer)


def _allocate_service(manifest: Manifest, live: Manifest | None, allocations: Allocations) -> None:
    """The addresses and node ports of a Service: those of the live one, otherwise new ones."""
    spec = manifest["spec"]
    before = live["spec"] if live else {}
    was_cluster_ip = before.get("type") in (None, "ClusterIP")
    if spec["type"] == "ClusterIP" and not was_cluster_ip and not spec.get("externalIPs"):
        spec.pop("externalTrafficPolicy", None)
    if spec["type"] == "ExternalName":
        if before.get("type") not in (None, "ExternalName"):
            for key in ADDRESS_FIELDS:
                spec.pop(key, None)
        return
    if before.get("type") != "ExternalName":
        _keep_addresses(manifest, before)
    _allocate_address(spec, allocations)
    _allocate_ports(spec, before, allocations)


def _keep_addresses(manifest: Manifest, before: Manifest) -> None:
    spec = manifest["spec"]
    for key in ADDRESS_FIELDS:
        if key in before:
            spec.setdefault(key, before[key])
    if before.get("clusterIP") and spec["clusterIP"] != before["clusterIP"]:
        causes = [invalid_value("spec.clusterIPs[0]", [spec["clusterIP"]], "may not change once set")]
        raise invalid("Service", "", manifest["metadata"]["name"], causes)


def _allocate_address(spec: Manifest, allocations: Allocations) -> None:
    if not spec.get("clusterIP"):
        spec["clusterIP"] = allocations.address()
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    if "ipFamilies" not in spec and (spec["clusterIP"] != "None" or spec.get("selector")):
        spec["ipFamilies"] = ["IPv4"]
    spec.setdefault("ipFamilyPolicy", "SingleStack" if spec.get("ipFamilies") else "RequireDualStack")


def _allocate_ports(spec: Manifest, before: Manifest, allocations: Allocations) -> None:
    wanted = spec["type"] == "NodePort" or (
        spec["type"] == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)
    )
    if not wanted:
        if before.get("type") in ("NodePort", "LoadBalancer"):
            for port in spec.get("ports") or ():
                port.pop("nodePort", None)
        return
    previous = {
        (port.get("protocol"), port.get("port")): port.get("nodePort") for port in before.get("ports") or ()
    }
    used = allocations.ports()
    for port in spec.get("ports") or ():
        if not port.get("nodePort"):
            port["nodePort"] = previous.get((port.get("protocol"), port.get("port"))) or allocations.port(
                used
            )
            used.add(port["nodePort"])


# ---- other versions of a built-in kind


def converted(manifest: Manifest, api_version: str) -> Manifest:
    """An object in another version of its kind. For custom kinds, only the apiVersion changes."""
    if manifest["kind"] == "HorizontalPodAutoscaler":
        return _autoscaler(manifest, api_version)
    return {**manifest, "apiVersion": api_version}


def _autoscaler(manifest: Manifest, api_version: str) -> Manifest:
    other = copy.deepcopy({**manifest, "apiVersion": api_version})
    spec: dict[str, Any] = other["spec"]
    if api_version.endswith("/v1"):
        for metric in spec.pop("metrics", None) or ():
            resource = metric.get("resource") or {}
            utilization = (resource.get("target") or {}).get("averageUtilization")
            if resource.get("name") == "cpu" and utilization is not None:
                spec["targetCPUUtilizationPercentage"] = utilization
        spec.pop("behavior", None)
        other["status"] = {
            "currentReplicas": 0,
            "desiredReplicas": other.get("status", {}).get("desiredReplicas", 0),
        }
        return other
    percentage = spec.pop("targetCPUUtilizationPercentage", None)
    if percentage is not None:
        target = {"type": "Utilization", "averageUtilization": percentage}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    other["status"] = {
        "currentMetrics": None,
        "desiredReplicas": other.get("status", {}).get("desiredReplicas", 0),
    }
    return other
