"""The tests marked ``backends`` again, on PostgreSQL and through Redis instead of SQLite and memory.

Mark such tests with ``pytestmark = pytest.mark.backends``. The servers are those that
SLIPWAY_TEST_DATABASE_URL and SLIPWAY_TEST_REDIS_URL name, otherwise new ones of the machine's packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.backends import servers

TESTS = Path(__file__).resolve().parents[1]
MARK = "mark.backends"
PACKAGES = {"DATABASE_URL": "postgresql", "REDIS_URL": "redis-server"}
SHARDS = 2  # so that two workers share them


def marked_files(shard: int) -> list[str]:
    """Only these are collected: importing every other test would take longer than the run."""
    found = sorted(path for path in TESTS.rglob("test_*.py") if path != Path(__file__))
    marked = [str(path) for path in found if MARK in path.read_text()]
    return marked[shard::SHARDS]


def available_servers(shard: int, cleanup: ExitStack) -> dict[str, str]:
    """Settings that name the servers that this machine has."""
    settings = {}
    if given := os.environ.get("SLIPWAY_TEST_DATABASE_URL"):
        settings["DATABASE_URL"] = f"{given}_{shard}"  # tests run in a database of their own, test_…
    elif binaries := servers.find_postgres():
        settings["DATABASE_URL"] = cleanup.enter_context(servers.postgres(binaries))
    if given := os.environ.get("SLIPWAY_TEST_REDIS_URL"):
        settings["REDIS_URL"] = urlsplit(given)._replace(path=f"/{shard}").geturl()
    elif binary := servers.find_redis():
        settings["REDIS_URL"] = cleanup.enter_context(servers.redis(binary))
    return settings


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_marked_tests_pass_on_postgresql_and_redis(shard: int) -> None:
    with ExitStack() as cleanup:
        settings = available_servers(shard, cleanup)
        missing = [package for name, package in PACKAGES.items() if name not in settings]
        if settings:
            run_again(settings, marked_files(shard))
    if missing:
        ran = f"passed with {', '.join(settings)}; " if settings else ""
        pytest.skip(f"{ran}not on this machine: apt-get install {' '.join(missing)}")


def run_again(settings: dict[str, str], files: list[str]) -> None:
    """In a process of its own, which reads these settings."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "backends", "-p", "no:cacheprovider"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, *files], cwd=TESTS.parent, env=kept | settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
