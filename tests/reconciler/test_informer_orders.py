"""In any order of the answers of writes, watch events and lists, the cache ends as the cluster is."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from reconciler.cache.instances import InstanceCache
from reconciler.kube import Access, Client, EventHandler, Informer, Resource
from reconciler.status.snapshot import Key

MAPS = Resource("", "v1", "ConfigMap", "configmaps", True)
START, VERSIONS_APART = 10, 2
KEY = Key("ConfigMap", "home", "one")

# What happens to one object, in order: the letter is the event, and the number the object's uid.
HISTORIES = {
    "deleted at once": ("ADDED 1", "DELETED 1"),
    "changed and deleted": ("ADDED 1", "MODIFIED 1", "DELETED 1"),
    "deleted and recreated": ("ADDED 1", "DELETED 1", "ADDED 2"),
    "recreated and deleted": ("ADDED 1", "DELETED 1", "ADDED 2", "DELETED 2"),
    "changed": ("ADDED 1", "MODIFIED 1", "MODIFIED 1"),
    "recreated and changed": ("ADDED 1", "MODIFIED 1", "DELETED 1", "ADDED 2", "MODIFIED 2"),
}


async def no_access() -> Access:
    raise AssertionError("no request is sent")


def obj(uid: str, version: int) -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "home", "uid": uid, "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def events_of(history: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for place, text in enumerate(history):
        kind, uid = text.split()
        found.append({"type": kind, "object": obj(uid, START + VERSIONS_APART * place)})
    return found


def objects_at(events: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """What a list returns after so many events."""
    last = events[count - 1] if count else None
    return [obj_of(last)] if last and last["type"] != "DELETED" else []


def obj_of(event: dict[str, Any]) -> dict[str, Any]:
    metadata = event["object"]["metadata"]
    return obj(metadata["uid"], int(metadata["resourceVersion"]))


class Replay:
    """An informer and an instance cache that are fed event by event."""

    def __init__(self, listed: list[dict[str, Any]], version: int) -> None:
        self.instances = InstanceCache()
        self.informer = Informer(Client(no_access), MAPS, EventHandler(self.handle))
        self.instances.informers["ConfigMap"] = self.informer
        self.informer._replace(listed, str(version))

    def handle(self, event: Any, changed: Any, _: Any) -> None:
        self.instances.handle("ConfigMap", event, changed)

    def take(self, event: dict[str, Any]) -> None:
        self.informer._take({"type": event["type"], "object": obj_of(event)})

    def answer(self, event: dict[str, Any]) -> None:
        self.instances.store_write(KEY, obj_of(event))

    def bookmark(self, version: int) -> None:
        self.informer._take({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}})

    def expire(self) -> None:
        """The server answers 410: the next thing is a list."""
        self.informer._version = ""

    def state(self) -> tuple[list[tuple[str, str]], list[str]]:
        cached = [(one["metadata"]["uid"], one["metadata"]["resourceVersion"]) for one in self.informer.all()]
        known = [uid for uid in ("1", "2") if self.instances.key_of_uid(uid) is not None]
        return cached, known


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
def test_the_cache_ends_as_the_cluster_is(history: tuple[str, ...]) -> None:
    events = events_of(history)
    writes = [event for event in events if event["type"] != "DELETED"]
    final = objects_at(events, len(events))
    expected = [(one["metadata"]["uid"], one["metadata"]["resourceVersion"]) for one in final]
    tried = 0
    for listed in range(len(events)):
        for relisted in (None, *range(listed, len(events) + 1)):
            for places in (*combinations(range(len(events) + 1), len(writes)), *same(events, writes)):
                for reverse in (False, True):
                    replay = Replay(objects_at(events, listed), version_after(listed))
                    play(replay, events, (listed, relisted), answers(writes, places, reverse=reverse))
                    cached, known = replay.state()
                    assert cached == expected, (listed, relisted, places, reverse)
                    assert known == [uid for uid, _ in expected], (listed, relisted, places, reverse)
                    tried += 1
    assert tried > 10


def version_after(count: int) -> int:
    return START + VERSIONS_APART * count - 1


def same(events: list[dict[str, Any]], writes: list[dict[str, Any]]) -> list[tuple[int, ...]]:
    """All answers at one place."""
    return [(place,) * len(writes) for place in range(len(events) + 1)]


def answers(
    writes: list[dict[str, Any]], places: tuple[int, ...], *, reverse: bool
) -> dict[int, list[dict[str, Any]]]:
    """After how many watch events → which answers arrive."""
    found: dict[int, list[dict[str, Any]]] = {}
    for write, place in zip(reversed(writes) if reverse else writes, places, strict=True):
        found.setdefault(place, []).append(write)
    return found


def play(
    replay: Replay,
    events: list[dict[str, Any]],
    lists: tuple[int, int | None],
    arriving: dict[int, list[dict[str, Any]]],
) -> None:
    """``lists``: how many events were over when the first list was read, and when it was listed again."""
    position, relisted = lists
    for event in [one for place in range(position) for one in arriving.get(place, [])]:
        replay.answer(event)
    for place in range(position, len(events) + 1):
        for event in arriving.get(place, []):
            replay.answer(event)
        if place == relisted:
            replay.expire()
            for event in arriving.get(place, []):
                replay.answer(event)
            replay.informer._replace(objects_at(events, place), str(version_after(place)))
        if place < len(events):
            replay.take(events[place])
    replay.bookmark(version_after(len(events) + 1))
    for event in [one for found in arriving.values() for one in found]:
        replay.answer(event)  # once more, long after


@pytest.mark.parametrize("restored", [[obj("1", 4)], [obj("2", 4)], []], ids=["older", "another", "absent"])
@pytest.mark.parametrize("stored", [None, obj("1", START)], ids=["", "a-pass-returned-what-it-had-read"])
def test_a_list_wins_over_what_was_known_before_the_connection_was_lost(
    restored: list[dict[str, Any]], stored: dict[str, Any] | None
) -> None:
    """The cluster was restored from a backup: its versions are lower now."""
    replay = Replay([obj("1", START)], START)
    replay.informer._distrust()
    if stored is not None:
        replay.instances.store_write(KEY, stored)
    replay.informer._replace(restored, "5")
    expected = [(one["metadata"]["uid"], one["metadata"]["resourceVersion"]) for one in restored]
    assert replay.state() == (expected, [uid for uid, _ in expected])


async def test_the_answer_of_another_cluster_is_not_compared_with_what_was_known_before() -> None:
    """A creation in the restored cluster, whose version the old one had passed, is no deleted object."""
    replay = Replay([], START)
    await replay.informer.client.renew()
    replay.instances.store_write(KEY, obj("1", 4))
    assert replay.state() == ([("1", "4")], ["1"])
    assert not replay.instances.is_deleted(KEY, "1")


@pytest.mark.parametrize(
    "listed", [[obj("1", START)], [obj("1", 4)], []], ids=["as-it-was", "older", "absent"]
)
async def test_a_pass_waits_for_the_list_after_the_connection_was_lost(listed: list[dict[str, Any]]) -> None:
    """It would write for an instance that the cluster may not have any more."""
    replay = Replay([obj("1", START)], START)
    assert not replay.instances.postpone(KEY)
    replay.informer._distrust()
    assert replay.instances.postpone(KEY)
    replay.informer._replace(listed, str(START))
    assert replay.instances.take_postponed("ConfigMap") == [KEY]
    assert replay.instances.take_postponed("ConfigMap") == []
    assert not replay.instances.postpone(KEY)
    await replay.informer.client.renew()
    assert replay.instances.postpone(KEY)
