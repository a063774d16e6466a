"""Changes of built-in kinds that a server refuses, because a field cannot change after the creation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devcluster.machinery import quantities
from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import forbidden, invalid_value

Manifest = dict[str, Any]
ChangeCheck = Callable[[Manifest, Manifest], list[Cause]]

IMMUTABLE = "field is immutable"
SET_FIELDS = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
SET_MESSAGE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
CLAIM_MESSAGE = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
    "claims"
)
SCHEDULING = ("affinity", "nodeSelector", "tolerations", "schedulingGates")
POD_MESSAGE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
POD_FIELDS = ("activeDeadlineSeconds", "schedulingGates", "terminationGracePeriodSeconds")


def problems(kind: str, live: Manifest, new: Manifest) -> list[Cause]:
    """The problems of a change of an object of a built-in kind."""
    return CHECKS[kind](live, new) if kind in CHECKS else []


def _fixed(live: Manifest, new: Manifest, *paths: str) -> list[Cause]:
    """Dotted paths whose value has to remain."""
    found = []
    for path in paths:
        before, after = (_value_at(one, path) for one in (live, new))
        if before != after:
            found.append(invalid_value(path, after, IMMUTABLE))
    return found


def _value_at(manifest: Manifest, path: str) -> Any:
    value: Any = manifest
    for part in path.split("."):
        value = (value or {}).get(part)
    return value


def _data(live: Manifest, new: Manifest) -> list[Cause]:
    if not live.get("immutable"):
        return []
    why = "field is immutable when `immutable` is set"
    found = []
    if not new.get("immutable"):
        found.append(forbidden("immutable", why))
    for key in ("data", "binaryData"):
        if (live.get(key) or {}) != (new.get(key) or {}):
            found.append(forbidden(key, why))
    return found


def _secret(live: Manifest, new: Manifest) -> list[Cause]:
    return _fixed(live, new, "type") + _data(live, new)


def _selector(live: Manifest, new: Manifest) -> list[Cause]:
    return _fixed(live, new, "spec.selector")


def _stateful_set(live: Manifest, new: Manifest) -> list[Cause]:
    before, after = ({**one["spec"], **dict.fromkeys(SET_FIELDS)} for one in (live, new))
    return [forbidden("spec", SET_MESSAGE)] if before != after else []


def _job(live: Manifest, new: Manifest) -> list[Cause]:
    """The completions of an indexed job may change together with its parallelism (elastic jobs)."""
    spec = new["spec"]
    is_elastic = spec.get("completionMode") == "Indexed" and spec.get("completions") == spec.get(
        "parallelism"
    )
    found = [] if is_elastic else _fixed(live, new, "spec.completions")
    found += _fixed(live, new, "spec.selector")
    if _without_scheduling(live, live) != _without_scheduling(live, new):
        found.append(invalid_value("spec.template", spec["template"], IMMUTABLE))
    names = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
    return found + _fixed(live, new, *(f"spec.{name}" for name in names))


def _without_scheduling(live: Manifest, job: Manifest) -> Manifest:
    """The template; of a suspended job that has not started, without what may change until it starts."""
    template: Manifest = job["spec"]["template"]
    if not live["spec"].get("suspend") or (live.get("status") or {}).get("startTime"):
        return template
    spec = {key: value for key, value in template["spec"].items() if key not in SCHEDULING}
    return {**template, "metadata": None, "spec": spec}


def _claim(live: Manifest, new: Manifest) -> list[Cause]:
    """A volume binds once, and the request of a bound claim may grow."""
    before, after = dict(live["spec"]), dict(new["spec"])
    free = [name for name in ("volumeName", "storageClassName") if before.get(name) is None]
    bound = (live.get("status") or {}).get("phase") == "Bound"
    free += ["resources", "volumeAttributesClassName"] if bound else []
    if _without(before, free) != _without(after, free):
        return [forbidden("spec", CLAIM_MESSAGE)]
    old, wanted = (_storage(one) for one in (live, new))
    if old is not None and wanted is not None and wanted < old:
        return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")]
    return []


def _without(spec: Manifest, names: list[str]) -> Manifest:
    return {key: value for key, value in spec.items() if key not in names}


def _storage(claim: Manifest) -> Any:
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return quantities.parse(str(requests.get("storage")))


def _storage_class(live: Manifest, new: Manifest) -> list[Cause]:
    found = [
        forbidden(key, f"updates to {key} are forbidden.")
        for key in ("parameters", "provisioner", "reclaimPolicy")
        if (live.get(key) or None) != (new.get(key) or None)
    ]
    return found + _fixed(live, new, "volumeBindingMode")


def _role_binding(live: Manifest, new: Manifest) -> list[Cause]:
    if live.get("roleRef") == new.get("roleRef"):
        return []
    return [invalid_value("roleRef", new.get("roleRef"), "cannot change roleRef")]


def _priority_class(live: Manifest, new: Manifest) -> list[Cause]:
    changed = live.get("value", 0) != new.get("value", 0)
    found = [forbidden("value", "may not be changed in an update.")] if changed else []
    return found + _fixed(live, new, "preemptionPolicy")


def _pod(live: Manifest, new: Manifest) -> list[Cause]:
    bound = [] if live["spec"].get("nodeName") else ["nodeName"]  # which binding sets
    before, after = (_without(_fixed_part(one["spec"]), bound) for one in (live, new))
    tolerations = new["spec"].get("tolerations") or []
    is_kept = all(one in tolerations for one in live["spec"].get("tolerations") or [])
    return [] if before == after and is_kept else [forbidden("spec", POD_MESSAGE)]


def _fixed_part(spec: Manifest) -> Manifest:
    """A pod's spec without what may change."""
    kept = {key: value for key, value in spec.items() if key not in (*POD_FIELDS, "tolerations")}
    for group in ("containers", "initContainers"):
        if group in spec:
            kept[group] = [{**container, "image": None} for container in spec[group]]
    return kept


CHECKS: dict[str, ChangeCheck] = {
    "ConfigMap": _data,
    "Secret": _secret,
    "Deployment": _selector,
    "ReplicaSet": _selector,
    "DaemonSet": _selector,
    "StatefulSet": _stateful_set,
    "Job": _job,
    "Pod": _pod,
    "PersistentVolumeClaim": _claim,
    "StorageClass": _storage_class,
    "RoleBinding": _role_binding,
    "ClusterRoleBinding": _role_binding,
    "PriorityClass": _priority_class,
    "IngressClass": lambda live, new: _fixed(live, new, "spec.controller"),
}
