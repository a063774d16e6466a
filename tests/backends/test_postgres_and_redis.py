"""The tests marked ``backends`` once more, on PostgreSQL and through Redis instead of SQLite and memory.

Mark what could differ there with ``pytestmark = pytest.mark.backends``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.backends import servers

TESTS = Path(__file__).resolve().parents[1]
MARK = "mark.backends"
PACKAGES = {"DATABASE_URL": "postgresql", "REDIS_URL": "redis-server"}


def marked_files() -> list[str]:
    """Only these are collected: importing every other test would take longer than the run."""
    found = sorted(TESTS.rglob("test_*.py"))
    return [str(path) for path in found if path != Path(__file__) and MARK in path.read_text()]


def start_what_is_here(cleanup: ExitStack) -> dict[str, str]:
    environment = {}
    if binaries := servers.find_postgres():
        environment["DATABASE_URL"] = cleanup.enter_context(servers.postgres(binaries))
    if binary := servers.find_redis():
        environment["REDIS_URL"] = cleanup.enter_context(servers.redis(binary))
    return environment


@pytest.mark.timeout(900)
def test_the_marked_tests_pass_on_postgresql_and_redis():
    with ExitStack() as cleanup:
        environment = start_what_is_here(cleanup)
        missing = [package for name, package in PACKAGES.items() if name not in environment]
        if environment:
            run_again(environment)
    if missing:
        ran = f"passed with {', '.join(environment)}; " if environment else ""
        pytest.skip(f"{ran}not here: apt-get install {' '.join(missing)}")


def run_again(environment: dict[str, str]) -> None:
    """In a process of its own, which reads these settings."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "backends", "-p", "no:cacheprovider"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, *marked_files()],
        cwd=TESTS.parent,
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
