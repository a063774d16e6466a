"""Accessors for Kubernetes objects as plain dicts: names, owners, labels, times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

Object = dict[str, Any]


class Key(NamedTuple):
    """Identifies an object; `namespace` is empty for cluster-scoped kinds."""

    kind: str
    namespace: str
    name: str


# kind → (apiVersion, plural, namespaced) of every kind that a controller reads or writes.
KINDS: dict[str, tuple[str, str, bool]] = {
    "ConfigMap": ("v1", "configmaps", True),
    "Event": ("v1", "events", True),
    "Namespace": ("v1", "namespaces", False),
    "Node": ("v1", "nodes", False),
    "PersistentVolume": ("v1", "persistentvolumes", False),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims", True),
    "Pod": ("v1", "pods", True),
    "ResourceQuota": ("v1", "resourcequotas", True),
    "Secret": ("v1", "secrets", True),
    "Service": ("v1", "services", True),
    "ServiceAccount": ("v1", "serviceaccounts", True),
    "ControllerRevision": ("apps/v1", "controllerrevisions", True),
    "DaemonSet": ("apps/v1", "daemonsets", True),
    "Deployment": ("apps/v1", "deployments", True),
    "ReplicaSet": ("apps/v1", "replicasets", True),
    "StatefulSet": ("apps/v1", "statefulsets", True),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers", True),
    "CronJob": ("batch/v1", "cronjobs", True),
    "Job": ("batch/v1", "jobs", True),
    "EndpointSlice": ("discovery.k8s.io/v1", "endpointslices", True),
    "Ingress": ("networking.k8s.io/v1", "ingresses", True),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets", True),
    "StorageClass": ("storage.k8s.io/v1", "storageclasses", False),
}


def key_of(obj: Object, kind: str = "") -> Key:
    """The key of an object; `kind` is needed for items of lists, which have none."""
    meta = obj["metadata"]
    return Key(kind or obj["kind"], meta.get("namespace", ""), meta["name"])


def name_of(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def uid_of(obj: Object) -> str:
    return str(obj["metadata"].get("uid", ""))


def labels_of(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def is_deleting(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def controller_of(obj: Object) -> Object | None:
    """The owner reference with `controller: true`, if there is one."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return dict(reference)
    return None


def owner_reference(owner: Object, kind: str) -> Object:
    """The owner reference of a controlled child."""
    return {
        "apiVersion": KINDS[kind][0],
        "kind": kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def timestamp(moment: datetime) -> str:
    """A time as Kubernetes writes metav1.Time: UTC, in seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """Parses a timestamp, with or without fractions of a second."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def seconds_since(text: str | None, now: datetime) -> float:
    """Seconds from a timestamp until now; infinity without a timestamp."""
    return (now - moment_of(text)).total_seconds() if text else math.inf


def condition_of(obj: Object, kind: str) -> Object | None:
    """The condition of this type in the object's status, if there is one."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("type") == kind:
            return dict(condition)
    return None


def is_true(obj: Object, condition: str) -> bool:
    """Whether the object's status has this condition with status "True"."""
    found = condition_of(obj, condition)
    return found is not None and found.get("status") == "True"


def with_condition(
    conditions: list[Object], new: Object, now: datetime, *, touch: bool = False
) -> list[Object]:
    """The list with one condition set; its transition time changes only with its status.

    An unchanged condition keeps its other times too, unless `touch` is set.
    """
    stamped = {"lastTransitionTime": timestamp(now), **new}
    result, placed = [], False
    for old in conditions:
        if old["type"] != new["type"]:
            result.append(old)
            continue
        placed = True
        if old["status"] == new["status"] and "lastTransitionTime" in old:
            stamped["lastTransitionTime"] = old["lastTransitionTime"]
        same = not touch and all(
            old.get(field) == value for field, value in stamped.items() if field not in TIMES
        )
        result.append(old if same else stamped)
    return result if placed else [*result, stamped]


TIMES = ("lastUpdateTime", "lastProbeTime", "lastTransitionTime")


def without_zeros(status: Mapping[str, Any], keep: tuple[str, ...] = ()) -> Object:
    """A status as with `omitempty` in Go: without zero values, except the fields in `keep`."""
    return {
        field: value for field, value in status.items() if value not in (None, 0, "", []) or field in keep
    }


def int_or_percent(value: int | str | None, total: int, *, up: bool) -> int:
    """The value of an IntOrString for a total: `3` is 3, `"25%"` is a quarter of it, rounded up or down."""
    if value is None:
        return 0
    if isinstance(value, str) and value.endswith("%"):
        exact = total * int(value[:-1]) / 100
        return math.ceil(exact) if up else math.floor(exact)
    return int(value)


def resource_of(kind: str) -> str:
    """The resource of a kind in the store: `pods`, `deployments.apps`."""
    version, plural, _ = KINDS[kind]
    group = version.rpartition("/")[0]
    return f"{plural}.{group}" if group else plural


def with_status(obj: Object, status: Object) -> Object:
    """A copy of the object with another status."""
    return {**obj, "status": status}


def with_spec(obj: Object, **fields: Any) -> Object:
    """A copy of the object with some fields of its spec replaced."""
    return {**obj, "spec": {**(obj.get("spec") or {}), **fields}}


def with_metadata(obj: Object, **fields: Any) -> Object:
    """A copy of the object with some fields of its metadata replaced."""
    return {**obj, "metadata": {**obj["metadata"], **fields}}


def without_finalizer(obj: Object, finalizer: str) -> Object:
    kept = [each for each in obj["metadata"].get("finalizers") or () if each != finalizer]
    return with_metadata(obj, finalizers=kept)
