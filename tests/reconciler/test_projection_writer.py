"""The writer keeps the newest snapshot of each instance, and retries when the database fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from reconciler.base.db_thread import DatabaseThread
from reconciler.projection import instances
from reconciler.projection.writer import ProjectionWriter
from reconciler.status.assess import Assessment
from reconciler.status.snapshot import EventRecord, Key, Snapshot, WrittenStatus

ONE, TWO = Key("Pair.example.com", "a", "one"), Key("Pair.example.com", "a", "two")


class Broken(DatabaseThread):
    """Refuses while ``unreachable``; else records what it is asked to write."""

    unreachable = False

    def __init__(self) -> None:
        self.written: list[Any] = []

    async def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        if self.unreachable:
            self.meanwhile()
            raise OperationalError("the database is unreachable")
        if work is instances.project:
            self.written += [
                (one.key.name, one.instance["metadata"]["uid"], reasons(one)) for one in arguments[1]
            ]
        elif work is instances.project_events:
            self.written += [
                (uid, [record.reason for record in records]) for uid, records in arguments[1].items()
            ]
        else:
            self.written.append("deleted")

    def meanwhile(self) -> None:
        pass


def reasons(snapshot: Snapshot) -> list[str]:
    return [record.reason for record in snapshot.records]


def snapshot(key: Key, uid: str = "u", *events: str) -> Snapshot:
    records = tuple(EventRecord(reason, "", reason) for reason in events)
    return Snapshot(key, 1, 1, {"metadata": {"uid": uid}}, Assessment("ready", ""), records=records)


@pytest.fixture
def database() -> Broken:
    return Broken()


@pytest.fixture
def rows(database: Broken) -> ProjectionWriter:
    return ProjectionWriter(database, 1)


async def test_only_the_newest_is_written_with_the_events_of_all(
    rows: ProjectionWriter, database: Broken
) -> None:
    rows.put(snapshot(ONE, "u", "Created"))
    rows.put(snapshot(TWO))
    rows.put(snapshot(ONE, "u", "Updated"))
    await rows.flush()
    await rows.flush()
    assert database.written == [("two", "u", []), ("one", "u", ["Created", "Updated"])]


async def test_a_database_that_fails_loses_nothing(rows: ProjectionWriter, database: Broken) -> None:
    rows.deleted(1, TWO, "old")
    rows.put(snapshot(ONE, "u", "Created"))
    rows.record("u", EventRecord("BackOff", "", "n1"))
    database.unreachable = True
    with pytest.raises(OperationalError):
        await rows.flush()
    rows.put(snapshot(ONE, "u", "Updated"))
    rows.record("u", EventRecord("Killing", "", "n2"))
    database.unreachable = False
    await rows.flush()
    assert database.written == [
        "deleted",
        ("one", "u", ["Created", "Updated"]),
        ("u", ["BackOff", "Killing"]),
    ]


async def test_a_row_deleted_while_the_database_failed_is_not_recreated(
    rows: ProjectionWriter, database: Broken
) -> None:
    rows.put(snapshot(ONE))
    rows.put(snapshot(TWO))
    database.unreachable = True
    database.meanwhile = lambda: rows.deleted(1, ONE, "u")  # type: ignore[method-assign]
    with pytest.raises(OperationalError):
        await rows.flush()
    database.unreachable = False
    await rows.flush()
    assert database.written == ["deleted", ("two", "u", [])]


async def test_a_recreated_object_is_written(rows: ProjectionWriter, database: Broken) -> None:
    def replaced() -> None:
        rows.deleted(1, ONE, "u")
        rows.put(snapshot(ONE, "new"))

    rows.put(snapshot(ONE))
    database.unreachable, database.meanwhile = True, replaced  # type: ignore[method-assign]
    with pytest.raises(OperationalError):
        await rows.flush()
    database.unreachable = False
    await rows.flush()
    assert database.written == ["deleted", ("one", "new", [])]


def test_a_newer_snapshot_keeps_what_only_an_older_one_observed() -> None:
    written = WrittenStatus({"url": "x"}, ())
    observed = Assessment("progressing", "", nodes=(), resources=())
    older = Snapshot(ONE, 1, 1, {}, observed, written)
    merged = older.merged_into(Snapshot(ONE, 1, 2, {}, Assessment("unknown", "")))
    assert (merged.revision, merged.assessment.state, merged.written) == (2, "unknown", written)
    assert (merged.assessment.nodes, merged.assessment.resources) == ((), ())
