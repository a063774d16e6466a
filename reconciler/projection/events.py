"""Events of instances → rows. Each is stored once, however often it is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from catalog.models import Event, Instance
from reconciler.status.snapshot import EventRecord

KEPT_EVENTS = 200


def add_events(row: Instance, records: Sequence[EventRecord]) -> bool:
    """Add events; the count of one that is stored already is updated."""
    if not records:
        return False
    known = {
        one.uid: one
        for one in Event.objects.filter(instance=row, uid__in=[short(record.uid) for record in records])
    }
    fresh: dict[str, Event] = {}
    changed = False
    for record in records:
        uid = short(record.uid)
        old = known.get(uid)
        if old is not None:
            if record.count > old.count:
                Event.objects.filter(pk=old.pk).update(
                    count=record.count, at=moment(record.at) or timezone.now()
                )
                changed = True
            continue
        resource = f"{record.resource.kind} {record.resource.name}" if record.resource else ""
        fresh[uid] = Event(
            instance=row,
            at=moment(record.at) or timezone.now(),
            warning=record.warning,
            reason=record.reason[:80],
            message=record.message,
            node=record.node[:100],
            resource=resource[:330],
            source=record.source[:60],
            count=record.count,
            uid=uid,
        )
    Event.objects.bulk_create(fresh.values())
    forget_old_events(row, len(fresh))
    return changed or bool(fresh)


def forget_old_events(row: Instance, added: int) -> None:
    """An instance keeps its newest events; older ones are deleted now and then."""
    if added and row.events.count() > KEPT_EVENTS + 50:
        oldest = row.events.values_list("pk", flat=True)[KEPT_EVENTS:]
        Event.objects.filter(pk__in=list(oldest)).delete()


def short(uid: str) -> str:
    """Event uids have 64 characters at most; longer ones are hashed."""
    if len(uid) <= 64:
        return uid
    return hashlib.sha256(uid.encode()).hexdigest()


def moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00")) if text else None
