"""The in-process interface of `devcluster.storage.store`, over the same writes as HTTP requests."""

from __future__ import annotations

from collections.abc import Mapping

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import ApiError
from devcluster.machinery.patches import merge_patch
from devcluster.registry import deletion
from devcluster.registry.decode import Options
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

    def _kind_of(self, manifest: Manifest) -> Kind:
        found = self._writes.kinds.of(manifest)
        if found is None:
            raise ApiError(
                404, "NotFound", f"no kind {manifest.get('kind')} is served in {manifest.get('apiVersion')}"
            )
        return found

    def create(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        kind = self._kind_of(manifest)
        return self._writes.create(
            kind, manifest["metadata"].get("namespace", ""), manifest, Options(manager)
        )

    def get(self, resource: str, namespace: str, name: str) -> Manifest | None:
        return self._memory.get(resource, namespace, name)

    def list(
        self, resource: str, namespace: str = "", *, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        found = self._memory.list(resource, namespace)
        return [one for one in found if _labelled(one, labels)] if labels else found

    def update(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        return self._replace(manifest, manager, "")

    def update_status(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        return self._replace(manifest, manager, "status")

    def _replace(self, manifest: Manifest, manager: str, subresource: str) -> Manifest:
        kind, meta = self._kind_of(manifest), manifest["metadata"]
        namespace, name = meta.get("namespace", ""), meta["name"]
        return self._writes.modify(kind, namespace, name, lambda _: manifest, Options(manager), subresource)

    def patch(
        self, resource: str, namespace: str, name: str, patch: Manifest, *, manager: str = "controller"
    ) -> Manifest:
        change = lambda live: merge_patch(live, patch)  # noqa: E731
        return self._writes.modify(self._kind(resource), namespace, name, change, Options(manager))

    def patch_status(
        self, resource: str, namespace: str, name: str, status: Manifest, *, manager: str = "controller"
    ) -> Manifest:
        change = lambda live: merge_patch(live, {"status": status})  # noqa: E731
        return self._writes.modify(self._kind(resource), namespace, name, change, Options(manager), "status")

    def delete(
        self,
        resource: str,
        namespace: str,
        name: str,
        *,
        propagation: str = "Background",
        uid: str = "",
        grace: int | None = None,
    ) -> None:
        found = self._memory.get(resource, namespace, name)
        if found is None or (uid and found["metadata"]["uid"] != uid):
            return
        deletion.delete(
            self._writes, self._kind(resource), namespace, name, deletion.DeleteOptions(propagation, grace)
        )

    def subscribe(self, *resources: str) -> Feed:
        feed = Feed(self._memory, resources)
        for resource in resources:
            for manifest in self._memory.list(resource):
                feed.put(Change("ADDED", manifest, None, int(manifest["metadata"]["resourceVersion"])))
        return feed


def _labelled(manifest: Manifest, labels: Mapping[str, str]) -> bool:
    present = manifest["metadata"].get("labels") or {}
    return all(present.get(key) == value for key, value in labels.items())
