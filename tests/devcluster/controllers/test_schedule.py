"""Schedules of CronJobs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from devcluster.controllers.workloads.cron_schedule import ScheduleError, parse

SATURDAY = datetime(2026, 11, 21, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", "2026-11-21 12:31"),
        ("*/15 * * * *", "2026-11-21 12:45"),
        ("5 * * * *", "2026-11-21 13:05"),
        ("0 3 * * *", "2026-11-22 03:00"),
        ("@daily", "2026-11-22 00:00"),
        ("@hourly", "2026-11-21 13:00"),
        ("30 9 * * mon-fri", "2026-11-23 09:30"),
        ("30 9 * * 7", "2026-11-22 09:30"),
        ("0 0 1 jan *", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("10-20/5 12 * * *", "2026-11-22 12:10"),
        ("40/10 12 * * *", "2026-11-21 12:40"),
        ("0 0 13 * fri", "2026-11-27 00:00"),
        ("0,45 12,18 * * ?", "2026-11-21 12:45"),
    ],
)
def test_the_next_time(text: str, expected: str) -> None:
    found = parse(text).next_after(SATURDAY)
    assert found is not None
    assert found.strftime("%Y-%m-%d %H:%M") == expected


def test_a_date_that_never_occurs() -> None:
    assert parse("0 0 30 2 *").next_after(SATURDAY) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("* * * *", "expected exactly 5 fields, found 4: '* * * *'"),
        ("60 * * * *", "'60' is not between 0 and 59"),
        ("* * * * funday", "'funday' is not between 0 and 7"),
        ("*/0 * * * *", "the step of '*/0' must be a positive number"),
        ("30-10 * * * *", "the range '30-10' ends before it begins"),
    ],
)
def test_problems_of_a_schedule(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(text)
    assert str(caught.value) == message
