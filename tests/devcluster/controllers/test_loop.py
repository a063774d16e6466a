"""The loop itself, in a real event loop."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic

from devcluster.controllers import INSTANT, Settings, start
from devcluster.controllers.framework.actions import LookAgain
from devcluster.controllers.framework.clock import HandClock
from devcluster.controllers.framework.controller import Controller
from devcluster.controllers.framework.loop import Controllers
from devcluster.kinds.kinds import Kinds
from devcluster.registry.local_store import LocalStore
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Memory
from tests.devcluster.controllers.cluster import Cluster, namespace, thing, workload


def core() -> LocalStore:
    store = LocalStore(Writes(Memory(), Kinds()))
    store.create(namespace("demo"))
    return store


async def until(holds, seconds: float = 10.0) -> None:
    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end, "it did not come about in time"
        await asyncio.sleep(0.01)


async def test_controllers_work_beside_other_tasks_until_they_are_stopped():
    store = core()
    running = start(store, settings=Settings(speeds=INSTANT))
    store.create(workload("Deployment", "web", replicas=2))
    await until(
        lambda: store.get("deployments.apps", "demo", "web").get("status", {}).get("readyReplicas") == 2
    )
    running.stop()
    store.delete("pods", "demo", store.list("pods")[0]["metadata"]["name"])
    await asyncio.sleep(0.05)
    assert len(store.list("pods")) == 1


async def test_only_what_is_asked_for_runs():
    store = core()
    running = start(store, settings=Settings(speeds=INSTANT, only=frozenset({"deployment-controller"})))
    store.create(workload("Deployment", "web"))
    await until(lambda: store.list("replicasets.apps"))
    await asyncio.sleep(0.05)
    assert store.list("pods") == []
    running.stop()


async def test_a_second_start_on_the_same_objects_changes_nothing():
    store = core()
    first = start(store, settings=Settings(speeds=INSTANT))
    store.create(workload("Deployment", "web"))
    await until(
        lambda: store.get("deployments.apps", "demo", "web").get("status", {}).get("readyReplicas") == 1
    )
    first.stop()
    before = store.list("pods") + store.list("deployments.apps") + store.list("replicasets.apps")
    second = start(store, settings=Settings(speeds=INSTANT))
    await asyncio.sleep(0.1)
    assert store.list("pods") + store.list("deployments.apps") + store.list("replicasets.apps") == before
    second.stop()


def test_a_controller_that_fails_does_not_stop_the_others(caplog):
    turns = []

    def fail(obj, view, turn):
        raise ValueError("a mistake")

    def work(obj, view, turn):
        turns.append(obj["metadata"]["name"])
        yield LookAgain(10)

    store, clock = core(), HandClock()
    both = [Controller("faulty", "ConfigMap", fail), Controller("sound", "ConfigMap", work)]
    controllers = Controllers(store, both, Settings(), clock)
    store.create(thing("ConfigMap", "a"))
    with caplog.at_level(logging.ERROR):
        controllers.settle()
    assert "The simulated faulty could not handle" in caplog.text
    clock.advance(25)
    assert turns == ["a", "a", "a"]


def test_one_change_wakes_only_what_it_concerns(monkeypatch):
    cluster = Cluster(Settings(speeds=INSTANT, kubelet_events=False))
    for number in range(20):
        labels = {"selector": {"app": f"web-{number}"}, "ports": [{"port": 80}]}
        cluster.create(thing("Service", f"web-{number}", labels))
        cluster.create(workload("Deployment", f"web-{number}"))
    cluster.pass_time(1)
    woken = set()
    one = Controllers._one
    monkeypatch.setattr(Controllers, "_one", lambda self: (woken.add(next(iter(self._queue)).key), one(self)))
    cluster.change("Deployment", "web-7", replicas=2)
    cluster.pass_time(1)
    assert {key.name[:5] for key in woken if key.kind in ("Service", "Deployment", "ReplicaSet", "Pod")} == {
        "web-7"
    }
