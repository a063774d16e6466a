"""A process that has loaded everything and forks a reconciler whenever it is told to.

A test that kills dozens of them cannot wait for each to import Django. To ``python -m
tests.reconciler.nursery`` a line ``start`` is answered with the pid of a fresh reconciler, ``reap PID`` when
that one has ended.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPOSITORY


class Nursery:
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
def nursery(kubeconfig: Path, state: Path, database: Path) -> Iterator[Nursery]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "KUBECONFIG": str(kubeconfig),
        "DATABASE_URL": f"sqlite:///{database}",
        "SLIPWAY_STATE_DIR": str(state),
        "SLIPWAY_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "tests.reconciler.nursery"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdin=pipe, stdout=pipe, text=True)
    try:
        yield Nursery(process)
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    import django

    django.setup()
    import kubernetes.aio.client
    import kubernetes.aio.config  # noqa: F401  imported when a connection is made; here once for all

    from reconciler.manager.manager import Manager

    for line in sys.stdin:
        word, _, pid = line.strip().partition(" ")
        if word == "reap":
            os.waitpid(int(pid), 0)
            print("reaped", flush=True)
            continue
        child = os.fork()
        if child == 0:
            asyncio.run(Manager().run())
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
