"""An informer stays up to date, whatever happens between it and the API server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from devcluster.storage import memory
from reconciler.kube import (
    Access,
    Client,
    EventHandler,
    Informer,
    ListOptions,
    Resource,
    StoreOptions,
    read_kubeconfig,
)
from tests.clusters import DevCluster

Seen = list[tuple[str, str]]
UNCHANGED = StoreOptions()


class Watching:
    """An informer of ConfigMaps in ``default`` that can be interrupted, and what it reported."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        streaming: bool = True,
        labels: str = "",
        store: StoreOptions = UNCHANGED,
    ) -> None:
        self.seen: Seen = []
        handler = EventHandler(lambda event, obj, _: self.seen.append((event, obj["metadata"]["name"])))
        self.informer = Informer(client, resource, handler, ListOptions("default", labels), store)
        self.informer._streaming_list = streaming
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.task = asyncio.create_task(self.informer.run())
        await asyncio.wait_for(self.informer.synced.wait(), 60)

    async def stop(self) -> None:
        assert self.task is not None
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    def names(self) -> set[str]:
        return {obj["metadata"]["name"] for obj in self.informer.all()} - {"kube-root-ca.crt"}

    def data_of(self, name: str) -> Any:
        found = self.informer.get("default", name)
        assert found is not None, f"there is no ConfigMap {name}"
        return found["data"]

    def reported(self) -> Seen:
        return [one for one in self.seen if one[1] != "kube-root-ca.crt"]


@pytest.fixture
def cluster() -> Any:
    with DevCluster(controllers=False) as made:
        yield made


@pytest.fixture
async def client(cluster: DevCluster) -> AsyncIterator[Client]:
    async def access() -> Access:
        return await read_kubeconfig(cluster.kubeconfig)

    async with Client(access) as made:
        yield made


@pytest.fixture
async def maps(client: Client) -> Resource:
    return await client.kinds.find("v1", "ConfigMap")


async def put(client: Client, maps: Resource, name: str, value: str = "1", **metadata: Any) -> dict[str, Any]:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "data": {"value": value},
    }
    return await client.apply(maps, body, manager="test")


async def until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not question():  # noqa: ASYNC110 (the question is about a cache)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("streaming", [True, False], ids=["watch-list", "list-and-watch"])
async def test_it_observes_existing_and_new_objects(client: Client, maps: Resource, streaming: bool) -> None:
    await put(client, maps, "before")
    watching = Watching(client, maps, streaming=streaming)
    await watching.start()
    assert watching.names() == {"before"}
    await put(client, maps, "after")
    await put(client, maps, "before", "2")
    await client.delete(maps, "default", "after")
    await until(lambda: len(watching.reported()) == 4)
    assert watching.reported() == [
        ("added", "before"),
        ("added", "after"),
        ("modified", "before"),
        ("deleted", "after"),
    ]
    assert watching.data_of("before") == {"value": "2"}
    await watching.stop()


@pytest.mark.parametrize("streaming", [True, False], ids=["watch-list", "list-and-watch"])
async def test_after_410_it_lists_again_and_reports_what_it_missed(
    client: Client, maps: Resource, monkeypatch: pytest.MonkeyPatch, streaming: bool
) -> None:
    monkeypatch.setattr(memory, "HISTORY", 3)
    for name in ("kept", "edited", "lost"):
        await put(client, maps, name)
    watching = Watching(client, maps, streaming=streaming)
    await watching.start()
    await watching.stop()
    watching.seen.clear()
    await put(client, maps, "edited", "2")
    await client.delete(maps, "default", "lost")
    for number in range(6):
        await put(client, maps, f"new-{number % 2}", str(number))
    await watching.start()
    await until(lambda: watching.names() == {"kept", "edited", "new-0", "new-1"})
    assert sorted(watching.reported()) == [
        ("added", "new-0"),
        ("added", "new-1"),
        ("deleted", "lost"),
        ("modified", "edited"),
    ]
    await watching.stop()


async def test_what_was_just_written_is_never_read_back_older(client: Client, maps: Resource) -> None:
    watching = Watching(client, maps)
    await watching.start()
    old = await put(client, maps, "one", "1")
    new = await put(client, maps, "one", "2")
    watching.informer.store_write(new)
    watching.informer.store_write(old)
    assert watching.data_of("one") == {"value": "2"}
    await put(client, maps, "last")
    await until(lambda: "last" in watching.names())
    assert watching.data_of("one") == {"value": "2"}
    await watching.stop()


async def test_groups_follow_the_labels(client: Client, maps: Resource) -> None:
    def team(obj: Any) -> list[str]:
        return [label for label in [(obj["metadata"].get("labels") or {}).get("team")] if label]

    watching = Watching(client, maps, store=StoreOptions(index=team))
    await watching.start()
    await put(client, maps, "one", labels={"team": "red"})
    await put(client, maps, "two", labels={"team": "red"})
    await until(lambda: len(watching.informer.group("red")) == 2)
    await put(client, maps, "one", labels={"team": "blue"})
    await until(lambda: len(watching.informer.group("blue")) == 1)
    assert [obj["metadata"]["name"] for obj in watching.informer.group("red")] == ["two"]
    await watching.stop()


async def test_an_object_that_loses_its_label_is_removed(client: Client, maps: Resource) -> None:
    watching = Watching(client, maps, labels="team")
    await watching.start()
    await put(client, maps, "one", labels={"team": "red"})
    await until(lambda: watching.names() == {"one"})
    await put(client, maps, "one")
    await until(lambda: watching.names() == set())
    assert watching.reported() == [("added", "one"), ("deleted", "one")]
    await watching.stop()


async def test_another_cluster_under_the_same_name_is_accepted(cluster: DevCluster, tmp_path: Path) -> None:
    """Versions of another cluster say nothing about those that were seen before."""
    where = tmp_path / "kubeconfig"
    where.write_text(cluster.kubeconfig.read_text())

    async def access() -> Access:
        return await read_kubeconfig(where)

    async with Client(access) as client:
        maps = await client.kinds.find("v1", "ConfigMap")
        for number in range(30):
            await put(client, maps, "one", str(number))
        watching = Watching(client, maps)
        await watching.start()
        with DevCluster(controllers=False) as other:
            where.write_text(other.kubeconfig.read_text())
            await client.renew()
            await put(client, maps, "one", "again")
            await until(lambda: watching.data_of("one") == {"value": "again"})
        await watching.stop()
