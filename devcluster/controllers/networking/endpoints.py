"""EndpointSlices: the pods of a Service, their ports and whether they are ready."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from devcluster.controllers.framework.actions import Action, Create, Delete, Update
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    is_deleting,
    key_of,
    labels_of,
    name_of,
    owner_reference,
    uid_of,
    with_metadata,
)
from devcluster.controllers.framework.pods import is_finished, is_ready

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
SERVICE_NAME = "kubernetes.io/service-name"
HEADLESS = "service.kubernetes.io/headless"


def reconcile(service: Object, cache: Cache, context: Context) -> Iterator[Action]:
    slices = cache.children("EndpointSlice", uid_of(service))
    selector = service["spec"].get("selector")
    if is_deleting(service) or not selector or service["spec"].get("type") == "ExternalName":
        return
    pods = cache.selected("Pod", service["metadata"]["namespace"], {"matchLabels": selector})
    zones = {
        name_of(node): labels_of(node).get("topology.kubernetes.io/zone", "") for node in cache.all("Node")
    }
    yield from sync_slices(service, slices, slices_for(service, pods, zones))


def sync_slices(service: Object, live: Sequence[Object], wanted: Sequence[Object]) -> Iterator[Action]:
    """Create, update and delete slices to match the desired ones."""
    for old, new in zip(live, wanted, strict=False):
        labels = labels_of(new)
        if any(old.get(field) != new.get(field) for field in CONTENT) or labels_of(old) != labels:
            content = {field: new[field] for field in CONTENT}
            yield Update("EndpointSlice", {**with_metadata(old, labels=labels), **content})
    for new in wanted[len(live) :]:
        yield Create("EndpointSlice", new)
    for old in live[len(wanted) :]:
        yield Delete(key_of(old, "EndpointSlice"))


CONTENT = ("addressType", "endpoints", "ports")


def slices_for(service: Object, pods: Iterable[Object], zones: dict[str, str]) -> list[Object]:
    """One slice per set of port numbers, because a named port can differ between pods."""
    meta = service["metadata"]
    labels = {**labels_of(service), MANAGED_BY: "endpointslice-controller.k8s.io", SERVICE_NAME: meta["name"]}
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS] = ""
    groups: dict[str, tuple[list[Object], list[Object]]] = {}
    publish_not_ready = bool(service["spec"].get("publishNotReadyAddresses"))
    for pod in sorted(pods, key=name_of):
        if (pod.get("status") or {}).get("podIP") and not is_finished(pod):
            ports = ports_for(service, pod)
            groups.setdefault(str(ports), (ports, []))[1].append(
                endpoint(pod, zones, publish_not_ready=publish_not_ready)
            )
    metadata = {
        "generateName": f"{meta['name']}-",
        "namespace": meta["namespace"],
        "labels": labels,
        "ownerReferences": [owner_reference(service, "Service")],
    }
    found = groups.values() or [(None, None)]
    return [
        {"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}
        for ports, endpoints in found
    ]


def endpoint(pod: Object, zones: dict[str, str], *, publish_not_ready: bool = False) -> Object:
    """The endpoint of a pod."""
    serving, terminating = is_ready(pod), is_deleting(pod)
    meta, node = pod["metadata"], pod["spec"].get("nodeName", "")
    target = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
    found: Object = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": publish_not_ready or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": target,
        "nodeName": node,
    }
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain"):
        found["hostname"] = pod["spec"]["hostname"]
    return found | ({"zone": zones[node]} if zones.get(node) else {})


def ports_for(service: Object, pod: Object) -> list[Object]:
    """The ports of the Service with the numbers of this pod, without names that the pod does not have."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = port.get("targetPort", port["port"])
        if isinstance(number, str):
            number = _port_named(pod, number, port.get("protocol", "TCP"))
        if number:
            entry = {
                "name": port.get("name", ""),
                "protocol": port.get("protocol", "TCP"),
                "port": int(number),
            }
            found.append(entry | ({"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {}))
    return found


def _port_named(pod: Object, name: str, protocol: str) -> int:
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return 0


def _services_of(pod: Object, cache: Cache) -> Iterator[Key]:
    labels = labels_of(pod)
    for service in cache.in_namespace("Service", pod["metadata"]["namespace"]):
        selector = service["spec"].get("selector")
        if selector and selector.items() <= labels.items():
            yield key_of(service, "Service")


CONTROLLER = Controller(
    name="endpoint-slice-controller",
    kind="Service",
    reconcile=reconcile,
    owns=("EndpointSlice",),
    watches={"Pod": _services_of},
    reads=("Node",),
)
