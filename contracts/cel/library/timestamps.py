"""Standard CEL: accessors of timestamps and durations. No function reads the clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.cel.errors import CelError
from contracts.cel.functions import method
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import SECOND, Duration, Timestamp
from contracts.cel.values.times import to_datetime

ZONE_LOOKUP = 300
"""Steps charged for a time zone lookup: an unknown zone is searched on disk."""

OFFSET = re.compile(r"([+-]?)([0-9]{1,2}):([0-9]{2})")


@lru_cache(maxsize=256)
def _known_zone(name: str) -> ZoneInfo | int | None:
    """A zone of the time zone database, a fixed offset in seconds, or None. An empty name is UTC."""
    if not name:
        return 0
    match = OFFSET.fullmatch(name)
    if match:
        seconds = int(match[2]) * 3600 + int(match[3]) * 60
        return -seconds if match[1] == "-" else seconds
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _zone(budget: Budget, name: str) -> ZoneInfo | int:
    budget.spend(ZONE_LOOKUP)
    found = _known_zone(name) if len(name) < 100 else None
    if found is None:
        raise CelError("unknown time zone")
    return found


def _local(budget: Budget, value: Timestamp, zone: str) -> datetime:
    found = _zone(budget, zone)
    if isinstance(found, int):
        return to_datetime(value, found)
    when = to_datetime(value).replace(tzinfo=UTC)
    try:
        offset = when.astimezone(found).utcoffset()
    except OverflowError:
        raise CelError("range error: timestamp out of range") from None
    return to_datetime(value, int(offset.total_seconds()) if offset else 0)


def _calendar(name: str, part: Callable[[datetime], int]) -> None:
    @method(f"timestamp.{name}(): int")
    def utc(value: Timestamp) -> int:
        return part(to_datetime(value))

    @method(f"timestamp.{name}(string): int")
    def zoned(budget: Budget, value: Timestamp, zone: str) -> int:
        return part(_local(budget, value, zone))


def _span(name: str, unit: int) -> None:
    @method(f"duration.{name}(): int")
    def whole(value: Duration) -> int:
        units = abs(value.ns) // unit
        return -units if value.ns < 0 else units


_calendar("getFullYear", lambda when: when.year)
_calendar("getMonth", lambda when: when.month - 1)
_calendar("getDate", lambda when: when.day)
_calendar("getDayOfMonth", lambda when: when.day - 1)
_calendar("getDayOfWeek", lambda when: when.isoweekday() % 7)
_calendar("getDayOfYear", lambda when: when.timetuple().tm_yday - 1)
_calendar("getHours", lambda when: when.hour)
_calendar("getMinutes", lambda when: when.minute)
_calendar("getSeconds", lambda when: when.second)
_span("getHours", 3600 * SECOND)
_span("getMinutes", 60 * SECOND)
_span("getSeconds", SECOND)


@method("timestamp.getMilliseconds(): int")
def milliseconds(value: Timestamp) -> int:
    return value.ns % SECOND // 1_000_000


@method("timestamp.getMilliseconds(string): int")
def milliseconds_zoned(budget: Budget, value: Timestamp, zone: str) -> int:
    _zone(budget, zone)
    return milliseconds(value)


@method("duration.getMilliseconds(): int")
def duration_milliseconds(value: Duration) -> int:
    """Milliseconds within the second, as in CEL's specification; cel-go returns the whole duration."""
    rest = abs(value.ns) % SECOND // 1_000_000
    return -rest if value.ns < 0 else rest
