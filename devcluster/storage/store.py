"""The server's objects for code in the same process, such as the simulated controllers.

A resource is named by its plural and group: `pods`, `deployments.apps`, `widgets.example.com`. Objects are
plain dicts with apiVersion and kind. They are shared: copy them before you change them (`copy.deepcopy`). All
methods except the iteration of `subscribe` are synchronous and atomic. They take the same path as a request
over HTTP: defaults, validation, generation, managedFields, finalizers, events to watchers. A write that
changes nothing is not stored.

Rejections are `devcluster.machinery.errors.ApiError`; see `.code` (404, 409, 422 …) and `.reason`.
"""

from __future__ import annotations

from typing import Protocol

from devcluster.storage.memory import Change, Feed, Manifest

__all__ = ["Change", "Feed", "Manifest", "Store"]


class Store(Protocol):
    """Reads, writes and events. `manager` is the field manager that the write is recorded under."""

    def create(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        """Store a new object and return it as stored. Raises 409 if it exists.

        `metadata.generateName` is honoured.
        """

    def get(self, resource: str, namespace: str, name: str) -> Manifest | None:
        """The object, or None. `namespace` is empty for cluster-scoped resources."""

    def list(self, resource: str, namespace: str = "") -> list[Manifest]:
        """Objects ordered by namespace and name; of all namespaces if `namespace` is empty."""

    def update(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        """Replace everything except the status. Raises 409 if `metadata.resourceVersion` is outdated."""

    def update_status(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        """Replace only the status."""

    def patch(
        self, resource: str, namespace: str, name: str, patch: Manifest, *, manager: str = "controller"
    ) -> Manifest:
        """JSON merge patch of everything except the status: null removes, lists are replaced."""

    def delete(
        self,
        resource: str,
        namespace: str,
        name: str,
        *,
        propagation: str = "Background",
        grace: int | None = None,
    ) -> None:
        """Delete an object, which may only set its deletionTimestamp. An absent object is ignored.

        `propagation` is Background, Foreground or Orphan. `grace` is in seconds and applies to Pods: 0
        removes a Pod at once; otherwise a bound Pod keeps its deletionTimestamp until it is deleted with 0.
        """

    def subscribe(self, *resources: str) -> Feed:
        """Every existing object as ADDED, then every change: `with … as feed: async for change in feed`.

        Resources that are not served yet may be named; their objects follow once they are.
        """
