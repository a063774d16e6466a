"""How long it takes from a wish to resources, and from a change in the cluster to the word for the browsers.

    python -m tests.bench.engine

Starts the development cluster as a process of its own, and the engine in a thread, on a fresh SQLite file;
``measure()`` returns the rows. Times are milliseconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).resolve().parents[2] / "contracts" / "samples" / "stateless-service.yaml"
RUNS = 20
CHANGES = 100


@dataclass(frozen=True)
class Row:
    name: str
    times: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return sorted(self.times)[max(0, round(len(self.times) * 0.95) - 1)]


@contextmanager
def place(ready_after: float = 0.05) -> Iterator[Any]:
    """A portal's rows, a cluster in a process of its own and an engine that runs, as a ``World``."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/rows.sqlite3"
        os.environ["KUBECONFIG"] = str(kubeconfig)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
        os.environ.setdefault("SLIPWAY_LOG_LEVEL", "WARNING")
        command = [sys.executable, "-m", "devcluster", "--kubeconfig", str(kubeconfig)]
        cluster = subprocess.Popen(
            [*command, "--ready-after", str(ready_after)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert cluster.stdout is not None
            cluster.stdout.readline()
            yield from started(kubeconfig)
        finally:
            cluster.terminate()
            cluster.wait(10)


def started(kubeconfig: Path) -> Iterator[Any]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.reconciler.world import World

    world = World(kubeconfig)
    world.engine.start()
    try:
        yield world
    finally:
        world.close()


def submit_to_applied(world: Any, contract: Any, runs: int = RUNS) -> list[float]:
    """One instance alone: from the submitted wish until all its resources are in the cluster and on the rows.

    The sample's Service waits until the Deployment's pods are ready, so the pods' own time is in it.
    """
    from tests.reconciler.world import wait_for

    times = []
    for run in range(runs):
        name = f"one-{run}"
        started_at = time.perf_counter()
        world.create(contract, name, image="registry.example.com/app:1")
        wait_for(lambda name=name: applied(world, name), "all is applied", 30)
        times.append((time.perf_counter() - started_at) * 1000)
        wait_for(lambda name=name: world.row(name).state == "ready", "it is ready", 30)
    return times


def applied(world: Any, name: str) -> bool:
    row = world.row(name)
    if row is None or not row.nodes:
        return False
    wanted = [node for node in row.nodes if node["state"] != "ignored"]
    return all(node["total"] for node in wanted) and not row.resources.filter(uid="").exists()


def change_to_word(world: Any, contract: Any, changes: int = CHANGES) -> list[float]:
    """From a change of a child in the cluster until the browsers are told to look again."""
    from portal.live import publish
    from tests.reconciler.world import wait_for

    world.create(contract, "watched", image="registry.example.com/app:1")
    row = wait_for(lambda: (row := world.row("watched")) and row.state == "ready" and row, "it is ready", 30)
    told: list[float] = []
    original: Callable[..., None] = publish.send

    def listen(group: str, message: dict[str, Any]) -> None:
        if group == publish.group_name(row.topic):
            told.append(time.perf_counter())
        original(group, message)

    publish.send = listen
    times = []
    try:
        for _ in range(changes):
            wait_for(
                lambda: world.engine.engine.queue.idle and world.row("watched").state == "ready", "calm", 30
            )
            told.clear()
            started_at = time.perf_counter()
            world.cluster.delete("v1", "Service", world.namespace, "watched")
            wait_for(lambda: told, "the browsers are told", 30)
            times.append((told[0] - started_at) * 1000)
            wait_for(lambda: world.child("Service", "watched"), "it is back", 30)
    finally:
        publish.send = original
    return times


def measure() -> list[Row]:
    with place() as world:
        from tests.reconciler.world import wait_for

        contract = world.publish(SAMPLE.read_text().replace("platform.slipway.dev", "GROUP"))

        def served() -> bool:
            contract.refresh_from_db()
            return any(one["status"] == "True" for one in contract.conditions)

        wait_for(served)
        return [
            Row("submit → all resources applied", submit_to_applied(world, contract)),
            Row("child deleted → browsers told", change_to_word(world, contract)),
        ]


def main() -> None:
    for row in measure():
        print(f"{row.name:34} p50 {row.p50:7.0f} ms   p95 {row.p95:7.0f} ms   n {len(row.times)}")


if __name__ == "__main__":
    main()
