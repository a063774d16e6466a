"""Formats ages from two datetimes. Pure."""

from __future__ import annotations

from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86400
YEAR = 365 * DAY


def short_age(when: datetime, now: datetime) -> str:
    """As kubectl prints it: 12s, 5m, 3h, 9d, 2y."""
    seconds = max(int((now - when).total_seconds()), 0)
    for size, unit in ((YEAR, "y"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def long_age(when: datetime, now: datetime) -> str:
    """ "just now", "40 s ago", "5 min ago", "3 h ago", "9 days ago", then the date; "in 5 min"."""
    seconds = int((now - when).total_seconds())
    if abs(seconds) < 5:
        return "just now"
    length = abs(seconds)
    if length < MINUTE:
        text = f"{length} s"
    elif length < HOUR:
        text = f"{length // MINUTE} min"
    elif length < DAY:
        text = f"{length // HOUR} h"
    elif length < 60 * DAY:
        days = length // DAY
        text = f"{days} day{'s' if days > 1 else ''}"
    else:
        return f"{when.day} {when:%b %Y}"
    return f"{text} ago" if seconds > 0 else f"in {text}"
