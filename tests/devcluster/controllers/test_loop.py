"""The controller manager in a real event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from time import monotonic
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devcluster.controllers import INSTANT, Settings, start
from devcluster.controllers.framework.actions import Action, RequeueAfter
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.loop import MAX_RETRY, ControllerManager, delay_after
from devcluster.controllers.framework.objects import Key, Object
from devcluster.kinds.kinds import Kinds
from devcluster.machinery.errors import ApiError
from devcluster.registry.local_store import LocalStore
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Memory
from tests.devcluster.controllers.clock import FakeClock
from tests.devcluster.controllers.cluster import Cluster, namespace, thing, workload


def core() -> LocalStore:
    store = LocalStore(Writes(Memory(), Kinds()))
    store.create(namespace("demo"))
    return store


def ready_replicas(store: LocalStore) -> int:
    found = store.get("deployments.apps", "demo", "web")
    assert found is not None
    return int((found.get("status") or {}).get("readyReplicas", 0))


async def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end, "not reached in time"
        await asyncio.sleep(0.01)


async def test_controllers_run_beside_other_tasks_until_they_are_stopped() -> None:
    store = core()
    running = start(store, settings=Settings(durations=INSTANT))
    store.create(workload("Deployment", "web", replicas=2))
    await until(lambda: ready_replicas(store) == 2)
    running.stop()
    store.delete("pods", "demo", store.list("pods")[0]["metadata"]["name"])
    await asyncio.sleep(0.05)
    assert len(store.list("pods")) == 1


async def test_only_the_selected_controllers_run() -> None:
    store = core()
    running = start(store, settings=Settings(durations=INSTANT, only=frozenset({"deployment-controller"})))
    store.create(workload("Deployment", "web"))
    await until(lambda: store.list("replicasets.apps"))
    await asyncio.sleep(0.05)
    assert store.list("pods") == []
    running.stop()


async def test_a_second_start_on_the_same_objects_changes_nothing() -> None:
    store = core()
    first = start(store, settings=Settings(durations=INSTANT))
    store.create(workload("Deployment", "web"))
    await until(lambda: ready_replicas(store) == 1)
    first.stop()
    before = store.list("pods") + store.list("deployments.apps") + store.list("replicasets.apps")
    second = start(store, settings=Settings(durations=INSTANT))
    await asyncio.sleep(0.1)
    assert store.list("pods") + store.list("deployments.apps") + store.list("replicasets.apps") == before
    second.stop()


def sound(turns: list[str]) -> Controller:
    def work(obj: Object, cache: Cache, context: Context) -> Iterator[Action]:
        turns.append(obj["metadata"]["name"])
        yield RequeueAfter(10)

    return Controller("sound", "ConfigMap", work)


def test_a_controller_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    turns: list[str] = []
    attempts: list[float] = []

    def fail(obj: Object, cache: Cache, context: Context) -> NoReturn:
        attempts.append(clock.monotonic())
        raise ValueError("a mistake")

    store, clock = core(), FakeClock()
    both = [Controller("failing", "ConfigMap", fail), sound(turns)]
    controllers = ControllerManager(store, both, Settings(), clock)
    store.create(thing("ConfigMap", "a"))
    with caplog.at_level(logging.ERROR):
        controllers.run_until_idle()
        clock.advance(25)
    assert "The simulated failing could not handle" in caplog.text
    assert turns == ["a", "a", "a"]
    assert attempts == [0, 0, 2, 6, 14]  # at once, so that the object can say so; then with a back-off
    (event,) = store.list("events", "demo")
    assert (event["reason"], event["involvedObject"]["name"]) == ("ReconcileFailed", "a")
    assert "a mistake" in event["message"]


def test_a_watch_that_cannot_be_mapped_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    turns: list[str] = []

    def fail(obj: Object, cache: Cache) -> NoReturn:
        raise ValueError("a mistake")

    store, clock = core(), FakeClock()
    failing = Controller("failing", "Secret", lambda *_: (), watches={"ConfigMap": fail})
    controllers = ControllerManager(store, [failing, sound(turns)], Settings(), clock)
    store.create(thing("ConfigMap", "a"))
    with caplog.at_level(logging.ERROR):
        controllers.run_until_idle()
    assert "The simulated failing could not handle a" in caplog.text
    assert turns == ["a"]


def test_failures_with_another_message_each_time_back_off_for_any_number_of_times() -> None:
    turns: list[str] = []
    attempts: list[float] = []

    def fail(obj: Object, cache: Cache, context: Context) -> NoReturn:
        attempts.append(clock.monotonic())
        raise ApiError(422, "Invalid", f"Pod a-{len(attempts)} is invalid")

    store, clock = core(), FakeClock()
    both = [Controller("failing", "ConfigMap", fail), sound(turns)]
    controllers = ControllerManager(store, both, Settings(), clock)
    store.create(thing("ConfigMap", "a"))
    controllers.run_until_idle()
    clock.advance(1000 * MAX_RETRY)
    assert 1100 < len(attempts) < 2100
    before = len(turns)
    clock.advance(100)
    assert len(turns) == before + 10


@given(failures=st.integers(0, 10**9))
def test_every_number_of_failures_has_a_delay(failures: int) -> None:
    assert delay_after(0, 0.2) <= delay_after(failures, 0.2) <= delay_after(failures + 1, 0.2) <= MAX_RETRY


def test_a_change_reconciles_only_the_affected_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(Settings(durations=INSTANT, kubelet_events=False))
    for number in range(20):
        labels = {"selector": {"app": f"web-{number}"}, "ports": [{"port": 80}]}
        cluster.create(thing("Service", f"web-{number}", labels))
        cluster.create(workload("Deployment", f"web-{number}"))
    cluster.pass_time(1)
    woken: set[Key] = set()
    reconcile_next = ControllerManager._reconcile_next

    def recorded(self: ControllerManager) -> None:
        woken.add(next(iter(self._queue)).key)
        reconcile_next(self)

    monkeypatch.setattr(ControllerManager, "_reconcile_next", recorded)
    cluster.change("Deployment", "web-7", replicas=2)
    cluster.pass_time(1)
    assert {key.name[:5] for key in woken if key.kind in ("Service", "Deployment", "ReplicaSet", "Pod")} == {
        "web-7"
    }


def test_a_status_computed_from_an_older_object_changes_nothing_but_the_status() -> None:
    """A controller writes what it computed; meanwhile someone edited the object."""
    store = core()
    old = store.create(workload("Deployment", "web", replicas=2), manager="applier")
    edit = {"metadata": {"annotations": {"note": "x"}, "labels": {"a": "b"}}, "spec": {"replicas": 3}}
    edited = store.patch("deployments.apps", "demo", "web", edit, manager="editor")
    metadata = {name: value for name, value in old["metadata"].items() if name != "resourceVersion"}
    found = store.update_status({**old, "metadata": metadata, "status": {"replicas": 2}}, manager="status")
    assert (found["spec"], found["status"]["replicas"]) == (edited["spec"], 2)
    kept = [entry for entry in found["metadata"]["managedFields"] if entry["manager"] != "status"]
    assert kept == edited["metadata"]["managedFields"]
    for name in ("annotations", "labels"):
        assert found["metadata"][name] == edited["metadata"][name]


def test_a_status_is_not_written_to_a_newer_object_of_the_same_name() -> None:
    store = core()
    old = store.create(workload("Deployment", "web", replicas=2))
    store.delete("deployments.apps", "demo", "web")
    store.create(workload("Deployment", "web", replicas=2))
    metadata = {name: value for name, value in old["metadata"].items() if name != "resourceVersion"}
    with pytest.raises(ApiError, match="UID"):
        store.update_status({**old, "metadata": metadata, "status": {"replicas": 2}})
