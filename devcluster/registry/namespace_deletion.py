"""Deletes the content of terminating namespaces, then the namespaces, and reports what remains."""

from __future__ import annotations

import asyncio
from collections import Counter

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import ApiError
from devcluster.registry.crds import condition
from devcluster.registry.deletion import delete
from devcluster.registry.requests import DeleteOptions, target_of
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Change, Manifest

FINALIZER = "kubernetes"
RETRY_AFTER = 1.0  # seconds after a write that could not be stored


class NamespaceController:
    """Deletes terminating namespaces. `run` returns only when it is cancelled."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._memory = writes.memory
        self._pending: dict[str, None] = {}
        self._wakeup = asyncio.Event()
        for namespace in self._memory.list("namespaces"):
            self._enqueue(namespace)
        self._memory.on_write.append(self._written)

    async def run(self) -> None:
        while True:
            while self._pending:
                name = next(iter(self._pending))
                del self._pending[name]
                self._try_to_empty(name)
                await asyncio.sleep(0)
            self._wakeup.clear()
            await self._wakeup.wait()

    def stop(self) -> None:
        self._memory.on_write.remove(self._written)

    def _written(self, resource: str, change: Change) -> None:
        if resource == "namespaces":
            if change.type != "DELETED":
                self._enqueue(change.object)
            return
        namespace = change.object["metadata"].get("namespace")
        if namespace and change.type == "DELETED":
            found = self._memory.get("namespaces", "", namespace)
            if found is not None:
                self._enqueue(found)

    def _enqueue(self, namespace: Manifest) -> None:
        deleting = namespace["metadata"].get("deletionTimestamp")
        if deleting and FINALIZER in (namespace["spec"].get("finalizers") or ()):
            self._enqueue_name(namespace["metadata"]["name"])

    def _enqueue_name(self, name: str) -> None:
        self._pending[name] = None
        self._wakeup.set()

    def _try_to_empty(self, name: str) -> None:
        try:
            self._empty(name)
        except ApiError as refusal:
            if refusal.code != 500:
                raise
            asyncio.get_running_loop().call_later(RETRY_AFTER, self._enqueue_name, name)

    def _empty(self, name: str) -> None:
        namespace = self._memory.get("namespaces", "", name)
        if namespace is None or not namespace["metadata"].get("deletionTimestamp"):
            return
        kinds = {kind.resource: kind for kind in self._writes.kinds if kind.namespaced}
        for resource, kind in kinds.items():
            for manifest in self._memory.list(resource, name):
                if not manifest["metadata"].get("deletionTimestamp"):
                    delete(self._writes, target_of(kind, manifest), DeleteOptions("Background"))
        left = {resource: found for resource in kinds if (found := self._memory.list(resource, name))}
        if left:
            self._report(namespace, kinds, left)
        else:
            self._finalize(namespace)

    def _report(self, namespace: Manifest, kinds: dict[str, Kind], left: dict[str, list[Manifest]]) -> None:
        conditions = _conditions(kinds, left)
        before = {one["type"]: one for one in namespace["status"].get("conditions") or ()}
        for entry in conditions:
            there = before.get(entry["type"])
            if there is not None and there["status"] == entry["status"]:
                entry["lastTransitionTime"] = there["lastTransitionTime"]
        if conditions != namespace["status"].get("conditions"):
            status = {**namespace["status"], "conditions": conditions}
            kind = self._namespaces()
            self._writes.rewrite(
                kind, {**namespace, "metadata": dict(namespace["metadata"]), "status": status}
            )

    def _finalize(self, namespace: Manifest) -> None:
        left = [one for one in namespace["spec"]["finalizers"] if one != FINALIZER]
        kind = self._namespaces()
        if left or namespace["metadata"].get("finalizers"):
            spec = {"finalizers": left} if left else {}
            self._writes.rewrite(kind, {**namespace, "metadata": dict(namespace["metadata"]), "spec": spec})
        else:
            self._writes.remove(kind, namespace)

    def _namespaces(self) -> Kind:
        kind = self._writes.kinds.of_resource("namespaces")
        assert kind is not None
        return kind


def _conditions(kinds: dict[str, Kind], left: dict[str, list[Manifest]]) -> list[Manifest]:
    """The conditions of a terminating namespace that still has content."""
    remaining = ", ".join(
        f"{kinds[resource].plural}.{kinds[resource].group} has {len(found)} resource instances"
        for resource, found in sorted(left.items())
    )
    held: Counter[str] = Counter()
    for found in left.values():
        for manifest in found:
            held.update(manifest["metadata"].get("finalizers") or ())
    finalizers = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(held.items()))
    deleted = "All content successfully deleted, may be waiting on finalization"
    waiting = f"Some content in the namespace has finalizers remaining: {finalizers}"
    return [
        condition(
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        condition(
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        condition("NamespaceDeletionContentFailure", "False", "ContentDeleted", deleted),
        condition(
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            f"Some resources are remaining: {remaining}",
        ),
        condition(
            "NamespaceFinalizersRemaining",
            "True" if finalizers else "False",
            "SomeFinalizersRemain" if finalizers else "ContentHasNoFinalizers",
            waiting if finalizers else "All content-preserving finalizers finished",
        ),
    ]
