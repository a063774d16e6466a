"""A fork server: a process that has imported everything and forks a reconciler on request.

A test that kills dozens of reconcilers cannot wait for each to import Django. ``python -m
tests.reconciler.fork_server`` answers the line ``start`` with the pid of a new reconciler, and ``reap PID``
after that process has ended.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings

from tests.conftest import REPOSITORY


class ForkServer:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> int:
        return int(self._ask("start"))

    def reap(self, pid: int) -> None:
        self._ask(f"reap {pid}")

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def fork_server(kubeconfig: Path, state: Path, database: Path) -> Iterator[ForkServer]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "KUBECONFIG": str(kubeconfig),
        "DATABASE_URL": f"sqlite:///{database}",
        "SLIPWAY_STATE_DIR": str(state),
        "SLIPWAY_LEASE_NAMESPACE": settings.LEASE_NAMESPACE,
        "SLIPWAY_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "tests.reconciler.fork_server"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdin=pipe, stdout=pipe, text=True)
    try:
        yield ForkServer(process)
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    django.setup()
    for module in ("kubernetes.aio.client", "kubernetes.aio.config"):
        import_module(module)  # a connection imports them; here it is done once for all children
    manager = import_module("reconciler.manager.manager")  # only after setup()
    for line in sys.stdin:
        word, _, pid = line.strip().partition(" ")
        if word == "reap":
            os.waitpid(int(pid), 0)
            print("reaped", flush=True)
            continue
        child = os.fork()
        if child == 0:
            asyncio.run(manager.Manager().run())
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
