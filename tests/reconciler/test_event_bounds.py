"""Events are counted like Kubernetes' events, and bounded per instance, per day and by age."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Destination, Event, Instance
from contracts.models import Contract
from portal.accounts.models import Team
from reconciler.projection.events import SERIES, SLACK, add_events, delete_expired
from reconciler.status.snapshot import EventRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(db: None) -> Instance:
    team = Team.objects.create(slug="team", name="Team")
    names = {"group": "example.com", "version": "v1", "kind": "Pair", "plural": "pairs"}
    contract = Contract.objects.create(name="pair", owner=team, title="Pair", namespaced=True, **names)
    destination = Destination.objects.create(slug="it", title="It")
    return Instance.objects.create(destination=destination, contract=contract, namespace="apps", name="one")


def repair(**fields: Any) -> EventRecord:
    return EventRecord("DriftRepaired", "Repaired it.", "repair", repeats=True, **fields)


def numbered(count: int, start: int = 0) -> list[EventRecord]:
    return [EventRecord("Updated", f"Updated {n}.", f"u{n}") for n in range(start, start + count)]


def counts(row: Instance) -> list[tuple[str, int]]:
    return [(one.reason, one.count) for one in row.events.order_by("pk")]


def test_occurrences_are_counted_in_one_event(row: Instance) -> None:
    add_events(row, [repair(), repair()])
    first = row.events.get().first_at
    assert add_events(row, [repair()])
    event = row.events.get()
    assert (event.count, event.first_at) == (3, first)
    assert event.at > first


def test_a_late_occurrence_is_a_new_event(row: Instance) -> None:
    add_events(row, [repair()])
    row.events.update(at=timezone.now() - SERIES - timedelta(seconds=1))
    add_events(row, [repair(), repair()])
    assert counts(row) == [("DriftRepaired", 1), ("DriftRepaired", 2)]


def test_an_event_that_is_recorded_again_by_a_later_pass_is_stored_once(row: Instance) -> None:
    assert add_events(row, numbered(1))
    assert not add_events(row, numbered(1))
    assert counts(row) == [("Updated", 1)]


def test_kubernetes_counts_itself(row: Instance) -> None:
    record = EventRecord("BackOff", "Back-off", "k", first="2026-01-01T00:00:00Z")
    add_events(row, [replace(record, count=2, at="2026-01-01T00:01:00Z")])
    add_events(row, [replace(record, count=5, at="2026-01-01T00:05:00Z")])
    event = row.events.get()
    assert (event.count, (event.at - event.first_at).seconds) == (5, 300)


def test_an_instance_keeps_its_newest_events(row: Instance, settings: Any) -> None:
    settings.EVENTS_PER_INSTANCE, settings.EVENTS_PER_DAY = 10, 10_000
    for start in range(0, 200, 20):
        add_events(row, numbered(20, start))
    assert row.events.count() <= 10 + SLACK
    assert row.events.filter(uid="u199").exists()


def test_a_day_stores_so_many_events_and_says_how_many_it_did_not(row: Instance, settings: Any) -> None:
    settings.EVENTS_PER_DAY = 5
    add_events(row, numbered(3))
    add_events(row, numbered(4, 3))
    add_events(row, numbered(4, 7))
    assert counts(row) == [*[("Updated", 1)] * 5, ("TooManyEvents", 6)]
    add_events(row, [repair()] * 3)
    assert counts(row)[-1] == ("TooManyEvents", 7)
    Instance.objects.update(events_day=timezone.now().date() - timedelta(days=1))
    row.refresh_from_db()
    add_events(row, numbered(1, 20))
    assert counts(row)[-1] == ("Updated", 1)


def test_expired_events_are_deleted_some_at_a_time(row: Instance, django_assert_num_queries: Any) -> None:
    add_events(row, numbered(10))
    row.events.filter(uid__in=[f"u{n}" for n in range(6)]).update(at=timezone.now() - timedelta(days=31))
    assert [delete_expired(row.destination_id, 4) for _ in range(3)] == [4, 2, 0]
    assert Event.objects.count() == 4
    with django_assert_num_queries(1):
        assert delete_expired(row.destination_id + 1) == 0
