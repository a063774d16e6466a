"""Does what a controller decided, through the store's ordinary write path. Nothing else here writes."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace

from devcluster.controllers.framework.actions import Action, Create, Delete, Record, SetStatus, Update
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

REMEMBERED = 4096


class Hands:
    """Writes for the controllers, and folds equal events into one with a count."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._last = 0  # what the newest event's name ends with: names sort as events happened
        self._recorded: OrderedDict[tuple[str, ...], Key] = OrderedDict()

    def do(self, action: Action, source: str, manager: str) -> None:
        """Carry out one action. Raises ApiError when the store refuses it."""
        match action:
            case Create(kind, body, event):
                made = self._store.create(_whole(kind, body), manager=manager)
                if event:
                    text = event.message.replace("{name}", name_of(made))
                    self._record(replace(event, message=text), source)
            case Update(kind, body, event):
                self._store.update(_whole(kind, body), manager=manager)
                if event:
                    self._record(event, source)
            case SetStatus(kind, body):
                self._store.update_status(_whole(kind, body, latest=True), manager=manager)
            case Delete(key, grace, event):
                self._store.delete(resource_of(key.kind), key.namespace, key.name, grace=grace)
                if event:
                    self._record(event, source)
            case Record():
                self._record(action, source)

    def _record(self, event: Record, source: str) -> None:
        with suppress(ApiError):  # its namespace is going; nobody will read it
            self._write_event(event, source)

    def _write_event(self, event: Record, source: str) -> None:
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
        if len(self._recorded) > REMEMBERED:
            self._recorded.popitem(last=False)


def _event(event: Record, source: str, now: str, suffix: str) -> Object:
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
        "involvedObject": {field: text for field, text in reference.items() if text},
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


def _whole(kind: str, body: Object, *, latest: bool = False) -> Object:
    """The body with its apiVersion and kind; `latest` means whatever version the store has."""
    whole = {"apiVersion": KINDS[kind][0], "kind": kind, **body}
    if latest:
        meta = {field: value for field, value in body["metadata"].items() if field != "resourceVersion"}
        whole["metadata"] = meta
    return whole
