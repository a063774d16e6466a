"""The scale subresource: an autoscaling/v1 Scale for the replicas of a workload or custom resource."""

from __future__ import annotations

import copy
from typing import Any

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import Cause, invalid
from devcluster.machinery.metadata import invalid_value
from devcluster.storage.memory import Manifest

BUILTIN_PATHS = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


def paths(kind: Kind) -> Manifest:
    """The paths of the numbers, as in a CRD: specReplicasPath, statusReplicasPath, labelSelectorPath."""
    if kind.custom is None:
        return BUILTIN_PATHS
    found: Manifest = (kind.custom.get("subresources") or {}).get("scale") or {}
    return found


def value_at(manifest: Any, path: str) -> Any:
    for step in path.split(".")[1:]:
        manifest = manifest.get(step) if isinstance(manifest, dict) else None
    return manifest


def scale_of(kind: Kind, manifest: Manifest) -> Manifest:
    """The Scale of an object."""
    meta = manifest["metadata"]
    identity = {
        key: meta[key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in meta
    }
    where = paths(kind)
    replicas = value_at(manifest, where["specReplicasPath"])
    status: Manifest = {"replicas": value_at(manifest, where["statusReplicasPath"]) or 0}
    selector = selector_string(kind, manifest)
    if selector:
        status["selector"] = selector
    spec = {"replicas": replicas} if replicas else {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": identity,
        "spec": spec,
        "status": status,
    }


def selector_string(kind: Kind, manifest: Manifest) -> str:
    if kind.custom is not None:
        path = paths(kind).get("labelSelectorPath")
        return str(value_at(manifest, path) or "") if path else ""
    selector = manifest["spec"].get("selector") or {}
    labels = selector if kind.kind == "ReplicationController" else selector.get("matchLabels") or {}
    terms = [f"{key}={value}" for key, value in sorted(labels.items())]
    for term in () if kind.kind == "ReplicationController" else selector.get("matchExpressions") or ():
        terms.append(_expression(term))
    return ",".join(sorted(terms))


def _expression(term: Manifest) -> str:
    operator = term["operator"]
    if operator in ("In", "NotIn"):
        return f"{term['key']} {operator.lower()} ({','.join(sorted(term.get('values') or ()))})"
    return term["key"] if operator == "Exists" else f"!{term['key']}"


def scaled(kind: Kind, manifest: Manifest, scale: Manifest) -> Manifest:
    """The object with the replicas of a Scale. Raises 422 for an invalid number."""
    replicas = (scale.get("spec") or {}).get("replicas") or 0
    name = manifest["metadata"]["name"]
    path = paths(kind)["specReplicasPath"]
    if isinstance(replicas, int) and replicas < 0:
        if kind.custom is not None:
            cause = invalid_value(path, replicas, "should be a non-negative integer")
            raise invalid(kind.kind, kind.group, name, [cause])
        cause = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("Scale", "autoscaling", name, [cause])
    new = copy.deepcopy(manifest)
    node = new
    *before, last = path.split(".")[1:]
    for step in before:
        node = node.setdefault(step, {})
    node[last] = replicas
    return new


def path_problems(kind: Kind, manifest: Manifest) -> list[Cause]:
    """Problems of the values at the scale paths of a CRD."""
    if kind.custom is None or "scale" not in kind.subresources:
        return []
    found = []
    for key in ("specReplicasPath", "statusReplicasPath"):
        path = paths(kind)[key]
        value = value_at(manifest, path)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            go = {
                str: "string",
                dict: "map[string]interface {}",
                list: "[]interface {}",
                bool: "bool",
                float: "float64",
            }
            why = (
                f"{path} accessor error: {value} is of the type {go.get(type(value), 'unknown')}, "
                "expected int64"
            )
            found.append(invalid_value(path, 0, why))
        elif value < 0:
            found.append(invalid_value(path, value, "should be a non-negative integer"))
    return found
