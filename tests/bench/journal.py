"""The journal of the embedded cluster: its cost, its growth, and whether a kill ever loses a write."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devcluster.server import Server, Settings, serve
from devcluster.storage.journal import journal_path
from tests.bench.row import Row
from tests.bench.timing import seconds
from tests.demo import Demo
from tests.devcluster.kills import kill_rounds

KILLS = 200
IDLE = 120.0  # seconds
SETTLED_AFTER = 15.0  # seconds


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        without, journaled = asyncio.run(write_costs(Path(folder) / "state.json"))
        yield Row("a write without a journal", f"{without * 1e6:.0f} µs")
        yield Row("a write with the journal", f"{journaled * 1e6:.0f} µs ({journaled / without:.2f} times)")
    with tempfile.TemporaryDirectory() as folder, Demo(Path(folder) / "demo") as demo:
        grown = growth(journal_path(demo.state / "cluster.json"))
        yield Row("growth of the journal while the demo is idle", f"{grown / 1024:.1f} KB/min")
    with tempfile.TemporaryDirectory() as folder:
        outcomes = list(kill_rounds(Path(folder), KILLS, random.randrange(2**32)))
        writes, compactions = sum(one.writes for one in outcomes), sum(one.compactions for one in outcomes)
        continued = sum(one.watch_continued for one in outcomes)
        what = f"{KILLS} kills during {writes:,} writes and {compactions} compactions: answered writes lost"
        yield Row(what, "0", "0")
        yield Row("… watches that continued after the restart, others had to list again", f"{continued}")


async def write_costs(path: Path) -> tuple[float, float]:
    """Processor seconds of one write of a Deployment inside the server, without and with a journal."""
    costs = []
    for state in (None, path):
        server = await serve(Settings(controllers=False, state=state))
        try:
            costs.append(cost(server))
        finally:
            await server.stop()
    return costs[0], costs[1]


def cost(server: Server) -> float:
    container = {"name": "main", "image": "nginx"}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    body: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    server.store.create(body)
    replicas = iter(range(1, 1_000_000))

    def write() -> None:
        server.store.patch("deployments.apps", "default", "web", {"spec": {"replicas": next(replicas)}})

    return seconds(write, budget=2.0)


def growth(journal: Path) -> float:
    """Bytes per minute."""
    time.sleep(SETTLED_AFTER)
    before = journal.stat().st_size
    time.sleep(IDLE)
    return (journal.stat().st_size - before) / IDLE * 60
