"""Columns and cells of built-in kinds for `kubectl get`.

A printer returns the cells between name and age, including wide ones. Kinds without a printer have only name
and creation time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from devcluster.http.printers import core, pods, workloads
from devcluster.http.printers.ages import age
from devcluster.http.printers.columns import AGE, COLUMNS, CREATED, NAME, OTHERS
from devcluster.kinds.kinds import Kind
from devcluster.machinery.schema import definitions
from devcluster.storage.memory import Manifest

Cells = Callable[[Manifest], list[Any]]
PREFIXES = {"meta": "io.k8s.apimachinery.pkg.apis."}
RBAC = "rbac.authorization.k8s.io"

CELLS: dict[tuple[str, str], Cells] = {
    ("", "ConfigMap"): core.config_map,
    ("", "Secret"): core.secret,
    ("", "ServiceAccount"): core.service_account,
    ("", "Namespace"): core.namespace,
    ("", "Service"): core.service,
    ("", "Endpoints"): core.endpoints,
    ("", "Pod"): pods.pod,
    ("", "Node"): core.node,
    ("", "PersistentVolumeClaim"): core.claim,
    ("", "PersistentVolume"): core.volume,
    ("", "ResourceQuota"): core.quota,
    ("", "Event"): core.event,
    ("", "ReplicationController"): core.replication_controller,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("batch", "Job"): workloads.job,
    ("batch", "CronJob"): workloads.cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): workloads.autoscaler,
    ("networking.k8s.io", "Ingress"): workloads.ingress,
    ("networking.k8s.io", "IngressClass"): workloads.ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): workloads.network_policy,
    ("policy", "PodDisruptionBudget"): workloads.budget,
    (RBAC, "RoleBinding"): workloads.role_binding,
    (RBAC, "ClusterRoleBinding"): workloads.role_binding,
    ("storage.k8s.io", "StorageClass"): workloads.storage_class,
    ("discovery.k8s.io", "EndpointSlice"): workloads.endpoint_slice,
    ("coordination.k8s.io", "Lease"): workloads.lease,
    ("scheduling.k8s.io", "PriorityClass"): workloads.priority_class,
}


def printer(kind: Kind) -> tuple[list[Manifest], Cells]:
    """The column definitions of a kind, and the function that returns the cells of a row."""
    group = "" if kind.kind == "Event" else kind.group
    return _printer(group, kind.kind)


@lru_cache(None)
def _printer(group: str, kind: str) -> tuple[list[Manifest], Cells]:
    columns = COLUMNS.get((group, kind), OTHERS)
    middle = CELLS.get((group, kind), _none)

    def cells(manifest: Manifest) -> list[Any]:
        rest = iter(middle(manifest))
        metadata = manifest["metadata"]
        created = metadata.get("creationTimestamp")
        own = {NAME: metadata.get("name", ""), AGE: age(created), CREATED: created}
        return [own[one] if one in own else next(rest) for one in columns]

    return [_definition(one) for one in columns], cells


def _none(manifest: Manifest) -> list[Any]:
    return []


def _definition(line: str) -> Manifest:
    name, kind, source = line.split("|")
    wide = name.startswith("+")
    form = "name" if name.lstrip("+") == "Name" else ""
    return {
        "name": name.lstrip("+"),
        "type": kind,
        "format": form,
        "description": described(source),
        "priority": 1 if wide else 0,
    }


@lru_cache(None)
def described(source: str) -> str:
    """The description of DEFINITION:FIELD in the API, or the string itself."""
    name, colon, field = source.partition(":")
    if not colon:
        return source
    prefix = PREFIXES.get(name.partition(".")[0], "io.k8s.api.")
    properties = definitions()[prefix + name]["properties"]
    text: str = properties[field].get("description", "")
    return text
