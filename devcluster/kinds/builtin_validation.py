"""Validation of built-in kinds beyond their schema, as far as the portal and kubectl need it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from devcluster.kinds import crd_validation, immutable_fields, pod_validation
from devcluster.kinds.pod_validation import PORT_NUMBER, PROTOCOLS
from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import forbidden, invalid_value, quoted, required, unsupported
from devcluster.machinery.names import too_long

Manifest = dict[str, Any]
Check = Callable[[Manifest], list[Cause]]


def selector_matches(selector: Manifest | None, labels: Manifest) -> bool:
    """Whether a LabelSelector selects these labels; an empty selector selects all."""
    selector = selector or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions") or ():
        value, values = labels.get(term["key"]), term.get("values") or ()
        holds = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[term["operator"]]
        if not holds:
            return False
    return True


def _workload(manifest: Manifest) -> list[Cause]:
    spec = manifest["spec"]
    found = []
    replicas = spec.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        found.append(invalid_value("spec.replicas", replicas, "must be greater than or equal to 0"))
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if spec.get("selector") is None:
        found.append(required("spec.selector"))
        message = "`selector` does not match template `labels`"
        found.append(invalid_value("spec.template.metadata.labels", labels or None, message))
    elif not (spec["selector"].get("matchLabels") or spec["selector"].get("matchExpressions")):
        found.append(
            invalid_value(
                "spec.selector", spec["selector"], f"empty selector is invalid for {manifest['kind'].lower()}"
            )
        )
    elif not selector_matches(spec["selector"], labels):
        found.append(
            invalid_value(
                "spec.template.metadata.labels", labels, "`selector` does not match template `labels`"
            )
        )
    found += pod_validation.template_problems(spec["template"], "spec.template")
    policy = (spec["template"].get("spec") or {}).get("restartPolicy")
    if policy in pod_validation.RESTART_POLICIES and policy != "Always":
        found.append(unsupported("spec.template.spec.restartPolicy", policy, ["Always"]))
    return found


def _deployment(manifest: Manifest) -> list[Cause]:
    strategy = manifest["spec"]["strategy"]
    rolling = strategy.get("rollingUpdate")
    found = _workload(manifest)
    if strategy["type"] == "Recreate" and rolling is not None:
        found.append(
            forbidden(
                "spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"
            )
        )
    elif rolling and all(rolling.get(key) in (0, "0%") for key in ("maxSurge", "maxUnavailable")):
        found.append(
            invalid_value(
                "spec.strategy.rollingUpdate.maxUnavailable",
                rolling["maxUnavailable"],
                "may not be 0 when `maxSurge` is 0",
            )
        )
    return found


def _deployment_status(manifest: Manifest) -> list[Cause]:
    status = manifest.get("status") or {}
    found = []
    limits = {"updatedReplicas": "replicas", "readyReplicas": "replicas", "availableReplicas": "replicas"}
    for key, limit in limits.items():
        if (status.get(key) or 0) > (status.get(limit) or 0):
            found.append(
                invalid_value(f"status.{key}", status[key], f"cannot be greater than status.{limit}")
            )
    if (status.get("availableReplicas") or 0) > (status.get("readyReplicas") or 0):
        found.append(
            invalid_value(
                "status.availableReplicas",
                status["availableReplicas"],
                "cannot be greater than readyReplicas",
            )
        )
    return found


def _pod(manifest: Manifest) -> list[Cause]:
    return pod_validation.spec_problems(manifest["spec"], "spec")


def _job(manifest: Manifest) -> list[Cause]:
    spec = manifest["spec"]
    found = _job_spec(spec, "spec")
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if not selector_matches(spec.get("selector"), labels):
        message = "`selector` does not match template `labels`"
        found.append(invalid_value("spec.template.metadata.labels", labels, message))
    return found


def _job_spec(spec: Manifest, field: str) -> list[Cause]:
    found = [
        invalid_value(f"{field}.{key}", spec[key], pod_validation.NOT_NEGATIVE)
        for key in JOB_NUMBERS
        if isinstance(spec.get(key), int) and spec[key] < 0
    ]
    found += pod_validation.template_problems(spec["template"], f"{field}.template")
    policy = (spec["template"].get("spec") or {}).get("restartPolicy")
    if policy not in JOB_POLICIES:
        why = "valid values: " + ", ".join(f'"{one}"' for one in JOB_POLICIES)
        found.append(required(f"{field}.template.spec.restartPolicy", why))
    return found


def _cron_job(manifest: Manifest) -> list[Cause]:
    """A CronJob appends 11 characters to its name, and a Job's name is the value of a label."""
    spec, name = manifest["spec"], manifest["metadata"].get("name", "")
    found = [invalid_value("metadata.name", name, too_long(52))] if len(name) > 52 else []
    if not spec.get("schedule"):
        found.append(required("spec.schedule"))
    if spec.get("concurrencyPolicy") not in CONCURRENCY_POLICIES:
        found.append(
            unsupported("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), CONCURRENCY_POLICIES)
        )
    return found + _job_spec(spec["jobTemplate"]["spec"], "spec.jobTemplate.spec")


JOB_POLICIES = ("OnFailure", "Never")
JOB_NUMBERS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
)  # fmt: skip
CONCURRENCY_POLICIES = ["Allow", "Forbid", "Replace"]
SERVICE_TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
CLUSTER_RANGE = ipaddress.ip_network("10.96.0.0/16")


def _service(manifest: Manifest) -> list[Cause]:
    spec = manifest["spec"]
    ports = spec.get("ports") or []
    found = []
    if spec["type"] == "ExternalName" and not spec.get("externalName"):
        found.append(required("spec.externalName"))
    if not ports and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        found.append(required("spec.ports"))
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        where = f"spec.ports[{index}]"
        if len(ports) > 1 and not port.get("name"):
            found.append(required(f"{where}.name"))
        found += _service_port(port, where)
        key = (port.get("protocol"), port.get("port"))
        if key in seen:
            go = {
                "Name": "",
                "Protocol": key[0],
                "AppProtocol": None,
                "Port": key[1],
                "TargetPort": 0,
                "NodePort": 0,
            }
            found.append(Cause("FieldValueDuplicate", f"Duplicate value: {quoted(go)}", where))
        seen.add(key)
    if spec.get("sessionAffinity") not in ("ClientIP", "None"):
        found.append(unsupported("spec.sessionAffinity", spec.get("sessionAffinity"), ["ClientIP", "None"]))
    if spec["type"] not in SERVICE_TYPES:
        found.append(unsupported("spec.type", spec["type"], SERVICE_TYPES))
    return found + _service_address(spec)


def _service_port(port: Manifest, where: str) -> list[Cause]:
    found = []
    if not 1 <= port.get("port", 0) <= 65535:
        found.append(invalid_value(f"{where}.port", port.get("port", 0), PORT_NUMBER))
    if port.get("protocol") not in PROTOCOLS:
        found.append(unsupported(f"{where}.protocol", port.get("protocol"), PROTOCOLS))
    target = port.get("targetPort", 0)
    if isinstance(target, int) and not 1 <= target <= 65535:
        found.append(invalid_value(f"{where}.targetPort", target, PORT_NUMBER))
    return found


def _service_address(spec: Manifest) -> list[Cause]:
    address = spec.get("clusterIP")
    if address in (None, "", "None"):
        return []
    try:
        inside = ipaddress.ip_address(address) in CLUSTER_RANGE
    except ValueError:
        message = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        return [invalid_value("spec.clusterIPs[0]", address, message)]
    if inside:
        return []
    message = f"failed to allocate IP {address}: the provided network does not match the current range"
    return [invalid_value("spec.clusterIPs", [address], message)]


MAX_DATA_BYTES = 1024 * 1024


def _config_map(manifest: Manifest) -> list[Cause]:
    values = [*(manifest.get("data") or {}).values(), *(manifest.get("binaryData") or {}).values()]
    if sum(len(text.encode()) for text in values) > MAX_DATA_BYTES:
        return [Cause("FieldValueTooLong", f"Too long: may not be more than {MAX_DATA_BYTES} bytes", "[]")]
    return []


CHECKS: dict[str, Check] = {
    "CustomResourceDefinition": crd_validation.problems,
    "ConfigMap": _config_map,
    "Service": _service,
    "Deployment": _deployment,
    "ReplicaSet": _workload,
    "StatefulSet": _workload,
    "DaemonSet": _workload,
    "Pod": _pod,
    "Job": _job,
    "CronJob": _cron_job,
}
STATUS_CHECKS: dict[str, Check] = {"Deployment": _deployment_status}


def problems(group: str, manifest: Manifest, live: Manifest | None, subresource: str) -> list[Cause]:
    """The problems of an object of a built-in kind, including those of the change from `live`.

    What is stored is not checked again, so that an object which is invalid by newer rules can be deleted.
    """
    kind = manifest["kind"]
    if subresource == "status":
        return STATUS_CHECKS[kind](manifest) if kind in STATUS_CHECKS else []
    is_stored = live is not None and "spec" in live and live["spec"] == manifest.get("spec")
    found = CHECKS[kind](manifest) if kind in CHECKS and not is_stored else []
    if live is not None and not (found and kind == "Deployment"):
        found += immutable_fields.problems(kind, live, manifest)
    return found
