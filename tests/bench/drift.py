"""A child is deleted or edited in the cluster: how long until the reconciler has repaired it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from tests.bench.cluster import Cluster
from tests.bench.live import publish, ready_instance
from tests.bench.row import Row, milliseconds
from tests.demo import Demo

TIMES = 15
REPAIRED_WITHIN = 10.0
CHILD = "/api/v1/namespaces/checkout/configmaps/probe"


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, Demo(Path(folder) / "demo") as demo:
        publish(demo)
        ready_instance(demo.session("developer"))
        cluster = Cluster(demo.kubeconfig)
        for what, repair in (("deleted child → recreated", recreated), ("edited child → repaired", repaired)):
            taken = median(repair(cluster) for _ in range(TIMES))
            yield Row(f"{what} (median of {TIMES})", milliseconds(taken), "< 2 s")


def recreated(cluster: Cluster) -> float:
    before = cluster.delete(CHILD)["details"]["uid"]
    return until(lambda: (live := cluster.get(CHILD)) is not None and live["metadata"]["uid"] != before)


def repaired(cluster: Cluster) -> float:
    cluster.patch(f"{CHILD}?fieldManager=bench", {"data": {"text": "edited"}})
    return until(lambda: (live := cluster.get(CHILD)) is not None and live["data"]["text"] == "x")


def until(condition: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < REPAIRED_WITHIN, "it was not repaired in time"
        time.sleep(0.002)
    return time.monotonic() - began
