"""Parse and format timestamps and durations, exact to the nanosecond."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from contracts.cel.errors import CelError
from contracts.cel.values.cel_values import INT_MAX, SECOND, Duration, Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,30}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}


def parse_timestamp(text: str) -> Timestamp:
    """RFC 3339 with an offset. Raises CelError."""
    match = RFC3339.fullmatch(text)
    if match is None:
        raise CelError("type conversion error: the string is not an RFC 3339 timestamp")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    try:
        days = date(year, month, day).toordinal() - EPOCH.toordinal()
    except ValueError:
        raise CelError("range error: the date does not exist") from None
    if hour > 23 or minute > 59 or second > 59:
        raise CelError("range error: the time of day does not exist")
    offset = 0
    if match[8]:
        offset = (int(match[9]) * 3600 + int(match[10]) * 60) * (-1 if match[8] == "-" else 1)
    seconds = days * DAY + hour * 3600 + minute * 60 + second - offset
    return Timestamp(seconds * SECOND + int((match[7] or "")[:9].ljust(9, "0")), offset)


def parse_date(text: str) -> Timestamp:
    """A value of OpenAPI's format ``date``, as its first moment in UTC; also accepts RFC 3339."""
    return parse_timestamp(f"{text}T00:00:00Z" if DATE.fullmatch(text) else text)


def parse_duration(text: str) -> Duration:
    """Go's notation: ``1h30m``, ``-1.5s``, ``0``. Raises CelError."""
    if len(text) > 256:
        raise CelError("type conversion error: the string is not a duration")
    negative, body = text.startswith("-"), text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return Duration(0)
    position, total = 0, 0
    while position < len(body):
        match = PART.match(body, position)
        if match is None or not (match[1] or match[2]):
            raise CelError("type conversion error: the string is not a duration")
        if len(match[1]) > 20:
            raise CelError("range error: duration out of range")
        unit, fraction = UNITS[match[3]], (match[2] or "")[:20]
        total += int(match[1] or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        position = match.end()
    if not body:
        raise CelError("type conversion error: the string is not a duration")
    if total > INT_MAX + negative:
        raise CelError("range error: duration out of range")
    return Duration(-total if negative else total)


def to_datetime(value: Timestamp, offset: int = 0) -> datetime:
    """Date and time of day at an offset from UTC in seconds, without the fraction of the second."""
    try:
        return EPOCH + timedelta(seconds=value.ns // SECOND + offset)
    except OverflowError:
        raise CelError("range error: timestamp out of range") from None


def format_timestamp(value: Timestamp) -> str:
    """The result of ``string(t)``: RFC 3339 with the original offset and with the fraction, if any."""
    offset = value.offset
    when = to_datetime(value, offset)
    zone = "Z"
    if offset:
        hours, minutes = divmod(abs(offset) // 60, 60)
        zone = f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"
    return f"{_date_and_time(when)}{_fraction(value.ns % SECOND)}{zone}"


def format_timestamp_utc(value: Timestamp) -> str:
    """RFC 3339 in UTC without a fraction, as kro writes a timestamp into a manifest (kro §12.1)."""
    return f"{_date_and_time(to_datetime(value))}Z"


def _date_and_time(when: datetime) -> str:
    return f"{when.year:04d}-{when:%m-%dT%H:%M:%S}"


def _fraction(nanoseconds: int) -> str:
    return f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""


def format_duration_seconds(value: Duration) -> str:
    """The result of ``string(d)``: seconds, such as ``5400s`` or ``1.5s``."""
    whole, rest = divmod(abs(value.ns), SECOND)
    return f"{'-' if value.ns < 0 else ''}{whole}{_fraction(rest)}s"


def format_duration_go(value: Duration) -> str:
    """Go's notation, ``1h30m0s`` or ``1.5ms``, as kro writes a duration into a manifest (kro §12.1)."""
    ns = abs(value.ns)
    sign = "-" if value.ns < 0 else ""
    if ns == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if ns < size * 1_000:
            return f"{sign}{_decimal(ns, size)}{unit}"
    minutes, rest = divmod(ns, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, SECOND)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{sign}{hours}h{text}" if hours else f"{sign}{text}"


def _decimal(ns: int, unit: int) -> str:
    whole, rest = divmod(ns, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0")
