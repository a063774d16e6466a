"""Events of instances → rows. Each is stored once, however often it is recorded, and their number is bounded.

Occurrences of the same event are counted in one row, as Kubernetes does. An instance keeps its newest events,
and stores at most so many new ones a day; old ones are deleted in the background (``EVENT…`` in the
settings).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from catalog.models import Event, Instance
from reconciler.status.snapshot import EventRecord

SERIES = timedelta(hours=1)  # a later occurrence is a new event
DELETED_AT_ONCE = 500  # rows in one transaction
SLACK = 50  # an instance's events are deleted in batches of at least this size


def add_events(row: Instance, records: Sequence[EventRecord]) -> bool:
    """Add events, or count another occurrence of those that are stored already. True if anything changed."""
    if not records:
        return False
    now = timezone.now()
    uids = {short(record.uid) for record in records}
    known = {one.uid: one for one in Event.objects.filter(instance=row, uid__in=uids)}
    fresh: dict[str, Event] = {}
    changed: dict[str, Event] = {}
    for record in records:
        uid = short(record.uid)
        old = fresh.get(uid) or known.get(uid)
        if old is not None and record.repeats and old.at < now - SERIES:
            close_series(old)
            old = None
        if old is None:
            fresh[uid] = event_of(row, record, now)
        elif count_occurrence(old, record, now) and old.pk:
            changed[uid] = old
    Event.objects.bulk_update(changed.values(), ["count", "at"])
    stored = within_daily_limit(row, list(fresh.values()), now)
    Event.objects.bulk_create(stored)
    delete_oldest(row, len(stored))
    return bool(changed or fresh)


def event_of(row: Instance, record: EventRecord, now: datetime) -> Event:
    resource = f"{record.resource.kind} {record.resource.name}" if record.resource else ""
    at = moment(record.at) or now
    return Event(
        instance=row,
        at=at,
        first_at=moment(record.first) or at,
        warning=record.warning,
        reason=record.reason[:80],
        message=record.message,
        node=record.node[:100],
        resource=resource[:330],
        source=record.source[:60],
        count=record.count,
        uid=short(record.uid),
    )


def count_occurrence(old: Event, record: EventRecord, now: datetime) -> bool:
    """True when the record is another occurrence. Some records carry the number of all occurrences."""
    count = old.count + record.count if record.repeats else record.count
    if count <= old.count:
        return False
    old.count, old.at = count, moment(record.at) or now
    return True


def close_series(old: Event) -> None:
    """The next occurrence is another event."""
    Event.objects.filter(pk=old.pk).update(uid="")


# -- bounds -------------------------------------------------------------------------------------------------


def within_daily_limit(row: Instance, fresh: list[Event], now: datetime) -> list[Event]:
    """Those that may be stored today; one event a day says how many were not."""
    today = now.date()
    used = row.events_today if row.events_day == today else 0
    room = max(settings.EVENTS_PER_DAY - used, 0)
    if not fresh:
        return fresh
    row.events_day, row.events_today = today, used + min(len(fresh), room)
    Instance.objects.filter(pk=row.pk).update(events_day=today, events_today=row.events_today)
    if len(fresh) <= room:
        return fresh
    uid = short(f"TooManyEvents:{today}")
    dropped = len(fresh) - room
    summary = Event.objects.filter(instance=row, uid=uid).first()
    if summary is not None:
        Event.objects.filter(pk=summary.pk).update(count=summary.count + dropped, at=now)
        return fresh[:room]
    message = (
        f"More than {settings.EVENTS_PER_DAY} events on {today}. Further ones of that day are counted only."
    )
    summary = Event(
        instance=row, at=now, warning=True, reason="TooManyEvents", message=message, count=dropped, uid=uid
    )
    return [*fresh[:room], summary]


def delete_oldest(row: Instance, added: int) -> None:
    """An instance keeps its newest events; older ones are deleted now and then."""
    kept = settings.EVENTS_PER_INSTANCE
    if added and row.events.count() > kept + SLACK:
        oldest = row.events.values_list("pk", flat=True)[kept:]
        Event.objects.filter(pk__in=list(oldest)).delete()


def delete_expired(destination: int, most: int = DELETED_AT_ONCE) -> int:
    """Delete some events that are older than the retention. Returns how many; call it until it is 0."""
    limit = timezone.now() - timedelta(days=settings.EVENT_RETENTION_DAYS)
    expired = Event.objects.filter(at__lt=limit, instance__destination_id=destination)
    keys = list(expired.order_by("at").values_list("pk", flat=True)[:most])
    if keys:
        Event.objects.filter(pk__in=keys).delete()
    return len(keys)


def short(uid: str) -> str:
    """Event uids have 64 characters at most; longer ones are hashed."""
    if len(uid) <= 64:
        return uid
    return hashlib.sha256(uid.encode()).hexdigest()


def moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00")) if text else None
