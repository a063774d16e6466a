"""The pods of an instance's workloads, and the cluster's events of its resources.

The deepest error helps most: a Deployment reports "0 of 3 pods are ready", its pod that the image does not
exist. Pods are watched only in namespaces where a workload was not ready, events only where instances have
resources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contracts.documents.api_versions import group_of
from reconciler.cache.informers import SharedInformers, WatchKey
from reconciler.kube import Client, EventHandler, Informer, KubeError, ListOptions, StoreOptions
from reconciler.kube.informer import Event
from reconciler.objects.accessors import (
    Manifest,
    Reference,
    controller_of,
    group_kind,
    is_deleting,
    labels_of,
    metadata_of,
    name_of,
    namespace_of,
    uid_of,
)
from reconciler.objects.health import Health, health_of
from reconciler.objects.names import INSTANCE_ID, NODE
from reconciler.status.snapshot import EventRecord

# Kinds that own pods, directly or through a ReplicaSet.
WORKLOADS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "Job": "batch",
    "ReplicaSet": "apps",
}
NOISE = frozenset({"Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate"})


class PodAndEventWatcher:
    """Calls ``on_dependent_changed`` with the uid of an instance when a pod of it changes its health."""

    def __init__(
        self,
        client: Client,
        informers: SharedInformers,
        on_dependent_changed: Callable[[str], None],
        on_event_record: Callable[[str, EventRecord], None],
    ) -> None:
        self._client, self._informers = client, informers
        self._on_dependent_changed, self._on_event_record = on_dependent_changed, on_event_record
        self._pods: dict[str, Informer] = {}
        self._events: dict[str, Informer] = {}
        self.pod_health: dict[str, Health] = {}  # uid of a child → the health of its worst pod

    async def follow(self, members: Sequence[Manifest]) -> None:
        """Watch the events, and if necessary the pods, of these live resources. Starts each watch once."""
        for namespace in {namespace_of(member) for member in members} - {""}:
            if namespace not in self._events:
                await self._watch("Event", namespace, self._events, self._event_changed)
        for member in members:
            namespace = namespace_of(member)
            unready = member["kind"] in WORKLOADS and health_of(member).state != "ready"
            if unready and namespace not in self._pods:
                await self._watch("Pod", namespace, self._pods, self._pod_changed)

    async def _watch(
        self,
        kind: str,
        namespace: str,
        known: dict[str, Informer],
        on_change: Callable[[Event, Manifest, Manifest | None], None],
    ) -> None:
        try:
            resource = await self._client.kinds.find("v1", kind)
        except KubeError:
            return  # without it only the reasons are less precise
        store = StoreOptions(owner_keys, trimmed_pod) if kind == "Pod" else StoreOptions(owner_keys)
        options = ListOptions(namespace)
        informer = Informer(self._client, resource, EventHandler(on_change), options, store)
        known[namespace] = self._informers.start(WatchKey(kind, namespace, "", "all"), informer)

    # -- pods -------------------------------------------------------------------------------------------

    def _pod_changed(self, event: Event, pod: Manifest, old: Manifest | None) -> None:
        owner = self.owner_of_pod(pod)
        if owner is None:
            return
        health = self.worst_pod(owner)
        if self.pod_health.get(uid_of(owner)) == health:
            return
        if health is None:
            self.pod_health.pop(uid_of(owner), None)
        else:
            self.pod_health[uid_of(owner)] = health
        self._on_dependent_changed(labels_of(owner).get(INSTANCE_ID, ""))

    def owner_of_pod(self, pod: Manifest) -> Manifest | None:
        """The resource that owns this pod, directly or through a ReplicaSet."""
        for kind, name in owners(pod):
            found = self._informers.child(f"{kind}.{WORKLOADS[kind]}", namespace_of(pod), name)
            if found is not None:
                return found
        return None

    def worst_pod(self, owner: Manifest) -> Health | None:
        """The health of the worst pod of a workload, if one cannot become ready by itself."""
        informer = self._pods.get(namespace_of(owner))
        pods = informer.group(f"{owner['kind']}/{name_of(owner)}") if informer else []
        for state in ("failed", "waiting"):
            for pod in pods:
                health = health_of(pod)
                if health.state == state and not is_deleting(pod):
                    return Health(health.state, "", f"{health.message} Pod {name_of(pod)}.")
        return None

    # -- events -----------------------------------------------------------------------------------------

    def _event_changed(self, event: Event, obj: Manifest, old: Manifest | None) -> None:
        if event == "deleted" or obj.get("reason") in NOISE:
            return
        about = obj.get("involvedObject") or {}
        child = self.child_of(about)
        if child is None or about.get("kind") == "Secret":
            return
        self._on_event_record(labels_of(child).get(INSTANCE_ID, ""), record_of(obj, about, child))

    def child_of(self, about: Mapping[str, Any]) -> Manifest | None:
        """The resource that an event is about: the object itself, or the owner of the pod or ReplicaSet."""
        kind, namespace, name = (
            str(about.get("kind")),
            str(about.get("namespace") or ""),
            str(about.get("name")),
        )
        group = group_of(str(about.get("apiVersion") or ""))
        found = self._informers.child(group_kind(group, kind), namespace, name)
        if found is not None:
            return found
        for owner, owner_name in owners_by_name(kind, name):
            found = self._informers.child(group_kind(WORKLOADS[owner], owner), namespace, owner_name)
            if found is not None:
                return found
        return None


def owner_keys(pod: Manifest) -> list[str]:
    return [f"{kind}/{name}" for kind, name in owners(pod)]


def owners(pod: Manifest) -> list[tuple[str, str]]:
    """(kind, name) of the owners of a pod: for a ReplicaSet, also the Deployment whose name it contains."""
    controller = controller_of(pod)
    if controller is None or controller.get("kind") not in WORKLOADS:
        return []
    kind, name = str(controller["kind"]), str(controller["name"])
    return [(kind, name), *([("Deployment", name.rpartition("-")[0])] if kind == "ReplicaSet" else [])]


def owners_by_name(kind: str, name: str) -> list[tuple[str, str]]:
    """The owners for an event, which names a pod or a ReplicaSet but not its owner."""
    first = name.rpartition("-")[0]
    if kind == "ReplicaSet":
        return [("Deployment", first)]
    if kind != "Pod":
        return []
    second = first.rpartition("-")[0]
    return [
        ("Deployment", second),
        *((owner, first) for owner in ("StatefulSet", "DaemonSet", "Job", "ReplicaSet")),
    ]


def trimmed_pod(pod: dict[str, Any]) -> dict[str, Any]:
    """Only what a pod's health is read from; there may be many."""
    read = (
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "ownerReferences",
        "deletionTimestamp",
        "finalizers",
    )
    metadata = metadata_of(pod)
    spec = {
        kind: [{"name": one.get("name"), "image": one.get("image")} for one in given]
        for kind in ("initContainers", "containers")
        if (given := (pod.get("spec") or {}).get(kind))
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {key: metadata[key] for key in read if key in metadata},
        "spec": spec,
        "status": pod.get("status") or {},
    }


def record_of(event: Manifest, about: Mapping[str, Any], child: Manifest) -> EventRecord:
    series = event.get("series") or {}
    at = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or metadata_of(event).get("creationTimestamp")
    )
    source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or "kubernetes"
    return EventRecord(
        reason=str(event.get("reason") or "Event"),
        message=str(event.get("message") or ""),
        uid=uid_of(event),
        warning=event.get("type") == "Warning",
        node=labels_of(child).get(NODE, ""),
        resource=Reference(
            str(about.get("apiVersion") or "v1"),
            str(about.get("kind")),
            str(about.get("namespace") or ""),
            str(about.get("name")),
        ),
        source=str(source),
        at=str(at or ""),
        first=str(event.get("firstTimestamp") or event.get("eventTime") or ""),
        count=int(series.get("count") or event.get("count") or 1),
    )
