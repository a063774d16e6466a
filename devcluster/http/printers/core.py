"""Cells of the kinds of the core group."""

from __future__ import annotations

from typing import Any

from devcluster.http.printers.ages import age
from devcluster.http.printers.pods import containers, format_labels
from devcluster.storage.memory import Manifest

NONE = "<none>"
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


def config_map(manifest: Manifest) -> list[Any]:
    return [len(manifest.get("data") or ()) + len(manifest.get("binaryData") or ())]


def secret(manifest: Manifest) -> list[Any]:
    return [manifest.get("type", ""), len(manifest.get("data") or ())]


def service_account(manifest: Manifest) -> list[Any]:
    return []


def namespace(manifest: Manifest) -> list[Any]:
    return [(manifest.get("status") or {}).get("phase", "")]


def service(manifest: Manifest) -> list[Any]:
    spec = manifest.get("spec") or {}
    address = (spec.get("clusterIPs") or [spec.get("clusterIP")])[0] or NONE
    return [
        spec.get("type", ""),
        address,
        _external(manifest),
        _ports(spec),
        format_labels(spec.get("selector")),
    ]


def _external(manifest: Manifest) -> str:
    spec = manifest.get("spec") or {}
    kind = spec.get("type")
    if kind == "ExternalName":
        return str(spec.get("externalName", ""))
    addresses = list(spec.get("externalIPs") or ())
    if kind == "LoadBalancer":
        points = ((manifest.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        found = [point.get("ip") or point.get("hostname") for point in points]
        return ",".join([*filter(None, found), *addresses]) or "<pending>"
    return ",".join(addresses) or NONE


def _ports(spec: Manifest) -> str:
    shown = []
    for port in spec.get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        shown.append(f"{port['port']}{node}/{port['protocol']}")
    return ",".join(shown) or NONE


def endpoints(manifest: Manifest) -> list[Any]:
    found = []
    for subset in manifest.get("subsets") or ():
        ports = [port["port"] for port in subset.get("ports") or ()]
        for address in subset.get("addresses") or ():
            found += [f"{address['ip']}:{port}" for port in ports] or [address["ip"]]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [",".join(found[:3]) + more or NONE]


def node(manifest: Manifest) -> list[Any]:
    status = manifest.get("status") or {}
    ready = next((one["status"] for one in status.get("conditions") or () if one["type"] == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"]
    if (manifest.get("spec") or {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    prefix = "node-role.kubernetes.io/"
    labels = manifest["metadata"].get("labels") or {}
    roles = sorted(key[len(prefix) :] for key in labels if key.startswith(prefix))
    info = status.get("nodeInfo") or {}
    address = {one["type"]: one["address"] for one in status.get("addresses") or ()}
    unknown = "<unknown>"
    return [
        ",".join(words),
        ",".join(roles) or NONE,
        info.get("kubeletVersion", ""),
        address.get("InternalIP", NONE),
        address.get("ExternalIP", NONE),
        info.get("osImage") or unknown,
        info.get("kernelVersion") or unknown,
        info.get("containerRuntimeVersion") or unknown,
    ]


def claim(manifest: Manifest) -> list[Any]:
    spec, status = manifest.get("spec") or {}, manifest.get("status") or {}
    phase = "Terminating" if manifest["metadata"].get("deletionTimestamp") else status.get("phase", "")
    bound = spec.get("volumeName", "")
    capacity = (status.get("capacity") or {}).get("storage", "") if bound else ""
    modes = _modes(status.get("accessModes")) if bound else ""
    annotated = (manifest["metadata"].get("annotations") or {}).get(BETA_CLASS)
    attributes = spec.get("volumeAttributesClassName") or "<unset>"
    storage = annotated or spec.get("storageClassName", "")
    return [phase, bound, capacity, modes, storage, attributes, spec.get("volumeMode", "<unset>")]


def volume(manifest: Manifest) -> list[Any]:
    spec, status = manifest.get("spec") or {}, manifest.get("status") or {}
    phase = "Terminating" if manifest["metadata"].get("deletionTimestamp") else status.get("phase", "")
    reference = spec.get("claimRef") or {}
    claim_name = f"{reference.get('namespace')}/{reference.get('name')}" if reference else ""
    return [
        (spec.get("capacity") or {}).get("storage", ""),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        phase,
        claim_name,
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        spec.get("volumeMode", "<unset>"),
    ]


def _modes(modes: list[str] | None) -> str:
    return ",".join(MODES[mode] for mode in MODES if mode in (modes or ()))


def quota(manifest: Manifest) -> list[Any]:
    status = manifest.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    requests: list[str] = []
    limits: list[str] = []
    for name in sorted(hard):
        entry = f"{name}: {used.get(name, '0')}/{hard[name]}"
        (limits if name.startswith("limits.") else requests).append(entry)
    return [", ".join(requests), ", ".join(limits)]


def event(manifest: Manifest) -> list[Any]:
    target = manifest.get("involvedObject") or {}
    source = manifest.get("source") or {}
    first = manifest.get("firstTimestamp") or manifest.get("eventTime")
    series = manifest.get("series") or {}
    last = series.get("lastObservedTime") or manifest.get("lastTimestamp") or first
    where = ", ".join(
        filter(None, (source.get("component") or manifest.get("reportingComponent"), source.get("host")))
    )
    return [
        age(last),
        manifest.get("type", ""),
        manifest.get("reason", ""),
        f"{target.get('kind', '').lower()}/{target.get('name', '')}",
        target.get("fieldPath", ""),
        where,
        (manifest.get("message") or "").strip(),
        age(first),
        series.get("count") or manifest.get("count") or 1,
        manifest["metadata"]["name"],
    ]


def replication_controller(manifest: Manifest) -> list[Any]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    template = (spec.get("template") or {}).get("spec") or {}
    counts = [spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [*counts, *containers(template), format_labels(spec.get("selector"))]
