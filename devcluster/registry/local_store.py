"""The in-process interface of `devcluster.storage.store`, over the same writes as HTTP requests."""

from __future__ import annotations

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import ApiError
from devcluster.machinery.patches import merge_patch
from devcluster.registry.deletion import delete
from devcluster.registry.requests import DeleteOptions, Target, WriteOptions
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Change, Feed, Manifest


class LocalStore:
    """See `devcluster.storage.store.Store`."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._memory = writes.memory

    def _kind(self, resource: str) -> Kind:
        found = self._writes.kinds.of_resource(resource)
        if found is None:
            raise ApiError(404, "NotFound", f"no kind is served as {resource}")
        return found

    def _target(self, manifest: Manifest, subresource: str = "") -> Target:
        kind, metadata = self._writes.kinds.of(manifest), manifest["metadata"]
        if kind is None:
            message = f"no kind {manifest.get('kind')} is served in {manifest.get('apiVersion')}"
            raise ApiError(404, "NotFound", message)
        return Target(kind, metadata.get("namespace", ""), metadata.get("name", ""), subresource)

    def create(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        return self._writes.create(self._target(manifest), manifest, WriteOptions(manager))

    def get(self, resource: str, namespace: str, name: str) -> Manifest | None:
        return self._memory.get(resource, namespace, name)

    def list(self, resource: str, namespace: str = "") -> list[Manifest]:
        return self._memory.list(resource, namespace)

    def update(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        return self._writes.modify(self._target(manifest), lambda _: manifest, WriteOptions(manager))

    def update_status(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        given = manifest["metadata"]
        expected = {name: given[name] for name in ("uid", "resourceVersion") if name in given}

        def with_status(live: Manifest) -> Manifest:
            # Other metadata than this may be older than what is stored.
            new = {**live, "metadata": {**live["metadata"], **expected}}
            new.pop("status", None)
            return new | {"status": manifest["status"]} if "status" in manifest else new

        return self._writes.modify(self._target(manifest, "status"), with_status, WriteOptions(manager))

    def patch(
        self, resource: str, namespace: str, name: str, patch: Manifest, *, manager: str = "controller"
    ) -> Manifest:
        target = Target(self._kind(resource), namespace, name)
        return self._writes.modify(target, lambda live: merge_patch(live, patch), WriteOptions(manager))

    def delete(
        self,
        resource: str,
        namespace: str,
        name: str,
        *,
        propagation: str = "Background",
        grace: int | None = None,
    ) -> None:
        if self._memory.get(resource, namespace, name) is not None:
            target = Target(self._kind(resource), namespace, name)
            delete(self._writes, target, DeleteOptions(propagation, grace))

    def subscribe(self, *resources: str) -> Feed:
        feed = Feed(self._memory, resources)
        for resource in resources:
            for manifest in self._memory.list(resource):
                feed.put(Change("ADDED", manifest, None, int(manifest["metadata"]["resourceVersion"])))
        return feed
