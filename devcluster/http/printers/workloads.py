"""Cells of workloads and of the kinds for jobs, networking, scaling and access."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from devcluster.http.printers.ages import age, moment, span
from devcluster.http.printers.pods import containers, format_labels, format_selector
from devcluster.storage.memory import Manifest

NONE = "<none>"


def _template(manifest: Manifest) -> Manifest:
    found: Manifest = (manifest["spec"].get("template") or {}).get("spec") or {}
    return found


def deployment(manifest: Manifest) -> list[Any]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    counts = [ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [*counts, *containers(_template(manifest)), format_selector(spec.get("selector"))]


def replica_set(manifest: Manifest) -> list[Any]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    counts = [spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [*counts, *containers(_template(manifest)), format_selector(spec.get("selector"))]


def stateful_set(manifest: Manifest) -> list[Any]:
    status = manifest.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{manifest['spec'].get('replicas', 0)}"
    return [ready, *containers(_template(manifest))]


def daemon_set(manifest: Manifest) -> list[Any]:
    status = manifest.get("status") or {}
    names = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    counts = [status.get(name, 0) for name in names]
    nodes = format_labels(_template(manifest).get("nodeSelector"))
    return [
        *counts,
        nodes,
        *containers(_template(manifest)),
        format_selector(manifest["spec"].get("selector")),
    ]


def job(manifest: Manifest) -> list[Any]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    done = f"{status.get('succeeded', 0)}/{_wanted(spec)}"
    cells = [_job_state(manifest), done, _duration(status)]
    return [*cells, *containers(_template(manifest)), format_selector(spec.get("selector"))]


def _wanted(spec: Manifest) -> str:
    if spec.get("completions") is not None:
        return str(spec["completions"])
    parallel = spec.get("parallelism") or 0
    return f"1 of {parallel}" if parallel > 1 else "1"


def _job_state(manifest: Manifest) -> str:
    conditions = {
        one["type"]: one["status"] for one in (manifest.get("status") or {}).get("conditions") or ()
    }
    for kind, status_text in (("Complete", "Complete"), ("Failed", "Failed")):
        if conditions.get(kind) == "True":
            return status_text
    if manifest["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if conditions.get(kind) == "True":
            return kind
    return "Running"


def _duration(status: Manifest) -> str:
    start = moment(status.get("startTime"))
    if start is None:
        return ""
    end = moment(status.get("completionTime")) or datetime.now(UTC)
    return span(int((end - start).total_seconds()))


def cron_job(manifest: Manifest) -> list[Any]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    last = status.get("lastScheduleTime")
    template = spec["jobTemplate"]["spec"]["template"].get("spec") or {}
    return [
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        bool(spec.get("suspend")),
        len(status.get("active") or ()),
        age(last) if last else NONE,
        *containers(template),
        format_selector(spec["jobTemplate"]["spec"].get("selector")),
    ]


def autoscaler(manifest: Manifest) -> list[Any]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    target = spec["scaleTargetRef"]
    lowest = spec.get("minReplicas")
    return [
        f"{target.get('kind')}/{target.get('name')}",
        _targets(spec, status),
        "<unset>" if lowest is None else str(lowest),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
    ]


def _targets(spec: Manifest, status: Manifest) -> str:
    shown = []
    current = status.get("currentMetrics") or []
    for index, metric in enumerate(spec.get("metrics") or ()):
        source = metric.get("resource") or {}
        wanted = (source.get("target") or {}).get("averageUtilization")
        seen = (
            (current[index].get("resource") or {}).get("current", {}).get("averageUtilization")
            if index < len(current)
            else None
        )
        if source and wanted is not None:
            shown.append(f"{source.get('name')}: {'<unknown>' if seen is None else f'{seen}%'}/{wanted}%")
        else:
            shown.append("<unknown>")
    return ", ".join(shown) or NONE


def ingress(manifest: Manifest) -> list[Any]:
    spec = manifest["spec"]
    hosts = [rule.get("host") or "*" for rule in spec.get("rules") or ()]
    more = f" + {len(hosts) - 3} more..." if len(hosts) > 3 else ""
    points = ((manifest.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    addresses = ",".join(point.get("ip") or point.get("hostname") or "" for point in points)
    annotated = (manifest["metadata"].get("annotations") or {}).get("kubernetes.io/ingress.class")
    name = spec.get("ingressClassName") or annotated or NONE
    return [name, (",".join(hosts[:3]) or "*") + more, addresses, "80, 443" if spec.get("tls") else "80"]


def ingress_class(manifest: Manifest) -> list[Any]:
    parameters = manifest["spec"].get("parameters") or {}
    kind = ".".join(filter(None, (parameters.get("kind"), parameters.get("apiGroup"))))
    return [
        manifest["spec"].get("controller", ""),
        f"{kind}/{parameters.get('name')}" if parameters else NONE,
    ]


def network_policy(manifest: Manifest) -> list[Any]:
    return [format_selector(manifest["spec"].get("podSelector"))]


def budget(manifest: Manifest) -> list[Any]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    lowest, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    shown = ["N/A" if value is None else str(value) for value in (lowest, most)]
    return [*shown, status.get("disruptionsAllowed", 0)]


def role_binding(manifest: Manifest) -> list[Any]:
    reference = manifest["roleRef"]
    by_kind: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in manifest.get("subjects") or ():
        name = subject.get("name", "")
        if subject["kind"] == "ServiceAccount":
            name = f"{subject.get('namespace', '')}/{name}"
        by_kind.setdefault(subject["kind"], []).append(name)
    return [
        f"{reference.get('kind')}/{reference.get('name')}",
        *(", ".join(names) for names in by_kind.values()),
    ]


def storage_class(manifest: Manifest) -> list[Any]:
    return [
        manifest.get("provisioner", ""),
        manifest.get("reclaimPolicy", ""),
        manifest.get("volumeBindingMode", ""),
        bool(manifest.get("allowVolumeExpansion")),
    ]


def endpoint_slice(manifest: Manifest) -> list[Any]:
    ports = [str(port.get("port", "*")) for port in manifest.get("ports") or ()]
    found = [address for one in manifest.get("endpoints") or () for address in one.get("addresses") or ()]
    unset = "<unset>"
    return [manifest.get("addressType", ""), _short(ports) or unset, _short(found) or unset]


def _short(texts: list[str]) -> str:
    more = f" + {len(texts) - 3} more..." if len(texts) > 3 else ""
    return ",".join(texts[:3]) + more


def lease(manifest: Manifest) -> list[Any]:
    return [(manifest.get("spec") or {}).get("holderIdentity", "")]


def priority_class(manifest: Manifest) -> list[Any]:
    return [
        manifest.get("value", 0),
        bool(manifest.get("globalDefault")),
        manifest.get("preemptionPolicy", ""),
    ]
