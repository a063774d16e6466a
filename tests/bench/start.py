"""A clean clone to the first page, a second start, and the memory of the whole demo."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.row import Row, milliseconds
from tests.clusters import DevCluster
from tests.conftest import REPOSITORY
from tests.demo import Demo


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "slipway"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(clone)], check=True)
        began = time.monotonic()
        subprocess.run(["make", "--silent", "setup"], cwd=clone, check=True, capture_output=True)
        setup = time.monotonic() - began
        yield Row("embedded cluster alone, ready", milliseconds(cluster_starts()), "< 500 ms")
        demo = Demo(clone / "var", repository=clone, python=str(clone / ".venv/bin/python"))
        with demo:
            yield Row(
                "clean clone → first page (packages already in pip's and npm's caches)",
                f"{setup + demo.seconds_to_start:.0f} s",
            )
            yield Row("… of which setup", f"{setup:.0f} s")
        with demo:
            yield Row("second start → first page", f"{demo.seconds_to_start:.1f} s", "< 5 s")
            portal, *others = demo.processes()
            yield Row("memory of the whole demo, idle", megabytes(portal, *others))
            yield Row("… portal and reconciler", megabytes(portal))
            yield Row("… embedded cluster", megabytes(*others))


def cluster_starts() -> float:
    began = time.monotonic()
    with DevCluster():
        return time.monotonic() - began


def megabytes(*pids: int) -> str:
    """Proportional set size: pages shared by two processes count half in each."""
    kilobytes = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return f"{kilobytes / 1024:.0f} MB"
