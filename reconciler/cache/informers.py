"""The informers of one cluster: one per kind, shared, started when first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from contracts.runtime import Lookup
from reconciler.kube import Client, EventHandler, Informer, ListOptions, Resource, StoreOptions
from reconciler.kube.informer import Event
from reconciler.objects.accessors import Manifest, labels_of, metadata_of, reference_to
from reconciler.objects.names import INSTANCE_ID

SYNC_SECONDS = 20.0

OnChild = Callable[[str, Event, Manifest, Manifest | None], None]  # uid of the instance, what happened


class WatchKey(NamedTuple):
    """What one informer watches. ``fields`` also distinguishes informers of one selection by purpose."""

    group_kind: str
    namespace: str
    labels: str
    fields: str


class NotSynced(Exception):
    """An informer has not listed everything yet, so nothing can be decided.

    ``missing_right``: the right that the cluster does not grant, if that is why.
    """

    def __init__(self, message: str, missing_right: str = "") -> None:
        self.missing_right = missing_right
        super().__init__(message)


class SharedInformers:
    """Calls ``on_child`` for labelled objects, ``on_external`` for watches of external references."""

    def __init__(self, client: Client, on_child: OnChild, on_external: Callable[[WatchKey], None]) -> None:
        self._client, self._on_child, self._on_external = client, on_child, on_external
        self._informers: dict[WatchKey, Informer] = {}
        self._tasks: dict[WatchKey, asyncio.Task[None]] = {}

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._informers.clear()
        self._tasks.clear()

    def nudge(self) -> None:
        """Informers that wait after a failure retry now."""
        for informer in self._informers.values():
            informer.nudge()

    def start(self, watch_key: WatchKey, informer: Informer) -> Informer:
        self._informers[watch_key] = informer
        self._tasks[watch_key] = asyncio.create_task(informer.run(), name=f"watch {watch_key.group_kind}")
        return informer

    def stop(self, watch_key: WatchKey) -> None:
        self._informers.pop(watch_key, None)
        task = self._tasks.pop(watch_key, None)
        if task is not None:
            task.cancel()

    # -- children ---------------------------------------------------------------------------------------

    def children(self, resource: Resource) -> Informer:
        """The informer of a kind's labelled objects, in all namespaces."""
        watch_key = WatchKey(resource.group_kind, "", INSTANCE_ID, "")
        known = self._informers.get(watch_key)
        if known is not None:
            return known
        informer = Informer(
            self._client,
            resource,
            EventHandler(self._child_changed),
            ListOptions(labels=INSTANCE_ID),
            StoreOptions(instance_ids, without_managed_fields_of_others),
        )
        return self.start(watch_key, informer)

    def _child_changed(self, event: Event, obj: Manifest, old: Manifest | None) -> None:
        for uid in {labels_of(one).get(INSTANCE_ID, "") for one in (obj, old) if one is not None} - {""}:
            self._on_child(uid, event, obj, old)

    async def members(self, uid: str, group_kinds: Iterable[str]) -> list[Manifest]:
        """Every live object of these kinds that carries the instance's label. Raises ``NotSynced``."""
        found: list[Manifest] = []
        for group_kind in sorted(group_kinds):
            resource = await self._client.kinds.find_group_kind(group_kind)
            if resource is None:
                continue  # the kind was deleted, and its objects with it
            informer = self.children(resource)
            await synced(informer)
            found.extend(informer.group(uid))
        return found

    def child(self, group_kind: str, namespace: str, name: str) -> Manifest | None:
        """A labelled object from the cache, if its kind is watched."""
        informer = self._informers.get(WatchKey(group_kind, "", INSTANCE_ID, ""))
        return informer.get(namespace, name) if informer else None

    def store_write(self, live: dict[str, Any]) -> bool:
        """Put the answer of a write into the cache of its kind. False when the object was deleted since."""
        informer = self._informers.get(WatchKey(reference_to(live).group_kind, "", INSTANCE_ID, ""))
        return informer is None or informer.store_write(live)

    # -- external references ----------------------------------------------------------------------------

    async def look_up(self, lookup: Lookup) -> tuple[WatchKey, Manifest | list[Manifest] | None]:
        """What an external reference finds, from a watch on exactly that. Raises ``NotServed``,
        ``NotSynced``.
        """
        resource = await self._client.kinds.find(lookup.api_version, lookup.kind)
        fields = f"metadata.name={lookup.name}" if lookup.name else ""
        labels = selector_text(lookup.selector or {})
        namespace = lookup.namespace if resource.namespaced else ""
        watch_key = WatchKey(resource.group_kind, namespace, labels, fields or "*")
        informer = self._informers.get(watch_key)
        if informer is None:
            handler = EventHandler(lambda *_: self._on_external(watch_key))
            options = ListOptions(namespace, labels, fields)
            informer = self.start(watch_key, Informer(self._client, resource, handler, options))
        await synced(informer)
        if lookup.name:
            return watch_key, informer.get(namespace, lookup.name)
        return watch_key, informer.all()


def instance_ids(obj: Manifest) -> list[str]:
    uid = labels_of(obj).get(INSTANCE_ID)
    return [uid] if uid else []


async def synced(informer: Informer) -> None:
    """Wait until everything is listed; not longer when a right is missing. Raises ``NotSynced``."""
    if informer.synced.is_set() and not informer.forbidden.is_set():
        return
    waits = [asyncio.create_task(event.wait()) for event in (informer.synced, informer.forbidden)]
    try:
        await asyncio.wait(waits, timeout=SYNC_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if informer.missing_right:
        raise NotSynced(informer.missing_right, informer.missing_right)
    if not informer.synced.is_set():
        why = informer.failure or "the API server has not listed them yet"
        raise NotSynced(f"The {informer.resource.plural} cannot be read: {why}")


def selector_text(selector: Mapping[str, Any]) -> str:
    """A label selector as a query: ``app=web,tier in (a,b),!old``."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for rule in selector.get("matchExpressions") or ():
        key, values = rule["key"], ",".join(map(str, rule.get("values") or ()))
        match rule["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)


def without_managed_fields_of_others(obj: dict[str, Any]) -> dict[str, Any]:
    """Without the field trees of other managers, which are large. A repair reads them from the cluster."""
    entries = metadata_of(obj).get("managedFields")
    if not entries:
        return obj
    kept = [
        entry
        if str(entry.get("manager", "")).startswith("slipway/")
        else {key: value for key, value in entry.items() if key != "fieldsV1"}
        for entry in entries
    ]
    return {**obj, "metadata": {**obj["metadata"], "managedFields": kept}}
