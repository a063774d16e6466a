"""The server's objects for code inside the process: what the simulated controllers are written against.

A resource is named by its plural and group: `pods`, `deployments.apps`, `widgets.example.com`. Objects are
plain dicts with apiVersion and kind; what you are given is shared with everybody, so copy before you
change it (`copy.deepcopy`). All methods but the iteration of `subscribe` are synchronous and atomic. They run
the same way as a request over HTTP: defaults, validation, generation, managedFields, finalizers, events to
watchers. A write that changes nothing is no write.

Refusals are `devcluster.machinery.errors.ApiError`; look at `.code` (404, 409, 422 …) and `.reason`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from devcluster.storage.memory import Change, Feed, Manifest

__all__ = ["Change", "Feed", "Manifest", "Store"]


class Store(Protocol):
    """CRUD and events. `manager` is the field manager that the write is recorded under."""

    def create(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        """Store a new object and return it as stored. `metadata.generateName` is honoured. Error 409 if it
        exists.
        """

    def get(self, resource: str, namespace: str, name: str) -> Manifest | None:
        """The object, or None. `namespace` is "" for cluster-wide resources."""

    def list(
        self, resource: str, namespace: str = "", *, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Objects in order of namespace and name, of all namespaces when `namespace` is empty. All `labels`
        must match.
        """

    def update(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        """Replace everything but the status. Error 409 when `metadata.resourceVersion` is given and not the
        newest.
        """

    def update_status(self, manifest: Manifest, *, manager: str = "controller") -> Manifest:
        """Replace the status alone."""

    def patch(
        self, resource: str, namespace: str, name: str, patch: Manifest, *, manager: str = "controller"
    ) -> Manifest:
        """JSON merge patch of everything but the status: null removes, lists are replaced."""

    def patch_status(
        self, resource: str, namespace: str, name: str, status: Manifest, *, manager: str = "controller"
    ) -> Manifest:
        """JSON merge patch of the status; `status` is what stands below `.status`."""

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
        """Delete an object, which may leave it with a deletionTimestamp. Absent, or another uid: nothing
        happens.

        `propagation` is Background, Foreground or Orphan. `grace` is in seconds and matters for Pods only:
        0 removes at once;
        a bound Pod deleted with grace stays with its deletionTimestamp until somebody deletes it with 0.
        """

    def subscribe(self, *resources: str) -> Feed:
        """Every object there is as ADDED, then every change as it happens; use it as `with … as feed: async
        for change in feed`.

        A `Change` has `type` (ADDED, MODIFIED, DELETED), `object` and `before` (None for ADDED). Resources
        that are not
        served yet may be named; their objects come once they are.
        """
