"""Five-field schedules: `minute hour day month weekday`, with names, ranges, steps and `@daily`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
SEARCH_LIMIT = timedelta(days=4 * 366 + 1)  # contains a 29 February


class ScheduleError(ValueError):
    """The string is not a schedule; the message names the wrong field."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes of a schedule. If day and weekday are both restricted, one of them must match."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def next_after(self, moment: datetime) -> datetime | None:
        """The first scheduled minute after a time, in its time zone; None if there is none in four years."""
        current = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = moment + SEARCH_LIMIT
        while current < end:
            if current.month not in self.months or not self._due_on(current):
                current = current.replace(hour=0, minute=0) + timedelta(days=1)
            elif current.hour not in self.hours:
                current = current.replace(minute=0) + timedelta(hours=1)
            elif current.minute not in self.minutes:
                current += timedelta(minutes=1)
            else:
                return current
        return None

    def _due_on(self, moment: datetime) -> bool:
        by_month, by_week = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either_day else by_month and by_week


def parse(text: str) -> Schedule:
    """Parse a schedule. Raises ScheduleError."""
    fields = SHORTHANDS.get(text.strip(), text).split()
    if len(fields) != 5:
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: {text!r}")
    minute, hour, day, month, weekday = fields
    return Schedule(
        minutes=_numbers(minute, 0, 59),
        hours=_numbers(hour, 0, 23),
        days=_numbers(day, 1, 31),
        months=_numbers(month, 1, 12, MONTHS),
        weekdays=frozenset(number % 7 for number in _numbers(weekday, 0, 7, DAYS)),
        either_day=day[0] not in "*?" and weekday[0] not in "*?",
    )


def _numbers(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdigit() and int(step)):
            raise ScheduleError(f"the step of {part!r} must be a positive number")
        first, dash, last = span.partition("-")
        if span in ("*", "?"):
            start, end = low, high
        else:
            start = _number(first, low, high, names)
            end = _number(last, low, high, names) if dash else high if slash else start
        if start > end:
            raise ScheduleError(f"the range {part!r} ends before it begins")
        found.update(range(start, end + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(text: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + (1 if names is MONTHS else 0)
    if not text.isdigit() or not low <= int(text) <= high:
        raise ScheduleError(f"{text!r} is not between {low} and {high}")
    return int(text)
