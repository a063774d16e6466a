"""Web server, reconciler and embedded cluster, each in a process of its own that can be killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from tests.demo import Session, free_port
from tests.devcluster.http import Credentials, Http, read_credentials
from tests.kills.names import PASSWORD, USER
from tests.reconciler.fork_server import fork_server

ROLES = ("web", "reconciler", "cluster")
STARTS_WITHIN = 60.0  # seconds, on a busy machine
PERIOD = 0.05  # seconds between two looks


class Processes:
    """All three run between ``__enter__`` and ``__exit__``, except those that were killed.

    ``database``: a migrated SQLite file without rows.
    """

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder, self._database = folder, database
        self.kubeconfig, self.state = folder / "kubeconfig", folder / "cluster.json"
        self.log = folder / "log"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._running: dict[str, int] = {}  # role → pid
        self._cleanup = ExitStack()
        self.token = ""
        self.session: Session

    def __enter__(self) -> Processes:
        with ExitStack() as cleanup:
            self._fork_server = cleanup.enter_context(
                fork_server(self.kubeconfig, self.folder / "state", self._database, self.log)
            )
            cleanup.callback(lambda: self.kill(*list(self._running)))
            token_file = self.folder / "token"
            self._fork_server.reap(self._fork_server.start("call", "tests.kills.seed.seed", str(token_file)))
            self.token = token_file.read_text()
            self.start(*ROLES)
            self.session = Session(self.url, USER, PASSWORD)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def start(self, *roles: str) -> None:
        """Returns when they answer."""
        arguments = {"web": (str(self._port),), "cluster": (str(self.kubeconfig), str(self.state))}
        if "cluster" in roles:
            self.kubeconfig.unlink(missing_ok=True)
        for role in roles:
            self._running[role] = self._fork_server.start(role, *arguments.get(role, ()))
        if "cluster" in roles:
            wait_until(self._cluster_answers, "the cluster answers")
        if "web" in roles:
            wait_until(self._web_answers, "the web server answers")

    def kill(self, *roles: str) -> None:
        for role in roles:
            os.kill(self._running[role], signal.SIGKILL)
        for role in roles:
            self._fork_server.reap(self._running.pop(role))

    def _cluster_answers(self) -> bool:
        with suppress(OSError, ValueError, TypeError):
            return Http(self.credentials).get("/version").status == 200
        return False

    def _web_answers(self) -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/healthz", timeout=10).ok
        return False

    @property
    def credentials(self) -> Credentials:
        return read_credentials(self.kubeconfig)

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self._database, timeout=20)) as connection:
            return connection.execute(query).fetchall()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = STARTS_WITHIN) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(PERIOD)


def subsets(roles: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every combination of them that is not empty."""
    for number in range(1, 2 ** len(roles)):
        yield tuple(role for bit, role in enumerate(roles) if number >> bit & 1)
