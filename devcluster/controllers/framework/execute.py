"""Executes the actions of controllers through the write path of the store."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace

from devcluster.controllers.framework.actions import Action, Create, Delete, RecordEvent, SetStatus, Update
from devcluster.controllers.framework.clock import Clock
from devcluster.controllers.framework.objects import (
    KINDS,
    Key,
    Object,
    name_of,
    resource_of,
    timestamp,
    uid_of,
)
from devcluster.machinery.errors import ApiError
from devcluster.storage.store import Store

MAX_EVENTS = 4096


class Executor:
    """Writes for the controllers, and aggregates equal events into one with a count."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._last = 0  # suffix of the newest name of an event, so that names sort in order of time
        self._recorded: OrderedDict[tuple[str, ...], Key] = OrderedDict()

    def execute(self, action: Action, source: str, manager: str) -> None:
        """Execute one action. Raises ApiError if the store rejects it."""
        match action:
            case Create(kind, body, event):
                created = self._store.create(_complete(kind, body), manager=manager)
                if event:
                    message = event.message.replace("{name}", name_of(created))
                    self._record(replace(event, message=message), source)
            case Update(kind, body, event):
                self._store.update(_complete(kind, body), manager=manager)
                if event:
                    self._record(event, source)
            case SetStatus(kind, body):
                self._store.update_status(_complete(kind, body, latest=True), manager=manager)
            case Delete(key, grace, event):
                self._store.delete(resource_of(key.kind), key.namespace, key.name, grace=grace)
                if event:
                    self._record(event, source)
            case RecordEvent():
                self._record(action, source)

    def _record(self, event: RecordEvent, source: str) -> None:
        with suppress(ApiError):  # its namespace is being deleted
            self._write_event(event, source)

    def _write_event(self, event: RecordEvent, source: str) -> None:
        about, now = event.about, timestamp(self._clock.now())
        same = (source, uid_of(about), event.reason, event.message)
        known = self._recorded.get(same)
        old = self._store.get("events", known.namespace, known.name) if known else None
        if old is not None:
            again = {**old, "count": int(old.get("count") or 1) + 1, "lastTimestamp": now}
            self._store.update(again, manager=source)
            return
        self._last = max(self._last + 1, int(self._clock.now().timestamp() * 1_000_000_000))
        body = _event(event, source, now, f"{self._last:x}")
        self._store.create(body, manager=source)
        self._recorded[same] = Key("Event", body["metadata"]["namespace"], body["metadata"]["name"])
        if len(self._recorded) > MAX_EVENTS:
            self._recorded.popitem(last=False)


def _event(event: RecordEvent, source: str, now: str, suffix: str) -> Object:
    meta = event.about["metadata"]
    reference = {
        "apiVersion": KINDS[event.kind][0],
        "kind": event.kind,
        "name": meta["name"],
        "uid": meta.get("uid", ""),
        "resourceVersion": meta.get("resourceVersion", ""),
    }
    if meta.get("namespace"):
        reference["namespace"] = meta["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{meta['name'][:230]}.{suffix}",
            "namespace": meta.get("namespace") or "default",
        },
        "involvedObject": {field: message for field, message in reference.items() if message},
        "reason": event.reason,
        "message": event.message,
        "type": event.type,
        "source": {"component": source},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "reportingComponent": source,
        "reportingInstance": "",
    }


def _complete(kind: str, body: Object, *, latest: bool = False) -> Object:
    """The body with apiVersion and kind; with `latest`, regardless of the stored resourceVersion."""
    manifest = {"apiVersion": KINDS[kind][0], "kind": kind, **body}
    if latest:
        meta = {field: value for field, value in body["metadata"].items() if field != "resourceVersion"}
        manifest["metadata"] = meta
    return manifest
