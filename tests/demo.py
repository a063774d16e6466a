"""The demo as users start it: ``manage.py run``, in a process and with a state directory of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from tests.conftest import REPOSITORY

READY_WITHIN = 240.0
STOPS_WITHIN = 60.0
ADDRESS = re.compile(r"Slipway is ready after [\d.]+ s:\s+(http://\S+?)/?\s")
PASSWORDS = {name: f"{name}-demo" for name in ("engineer", "developer", "other", "admin")}


class Demo:
    """A running demo. ``seconds_to_start`` counts from the command to the first page that answers."""

    def __init__(self, state: Path, *, repository: Path = REPOSITORY, python: str = sys.executable) -> None:
        self.state = state
        self.repository = repository
        self.python = python
        self.url = ""
        self.seconds_to_start = 0.0
        self.process: subprocess.Popen[str] | None = None
        self.log = state / "run.log"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    def start(self) -> Demo:
        self.state.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [self.python, "manage.py", "run", "--port", str(free_port())],
                cwd=self.repository,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                stdin=subprocess.DEVNULL,
            )
        self.url = self.wait_for_address(began + READY_WITHIN)
        requests.get(f"{self.url}/login/", timeout=60).raise_for_status()
        self.seconds_to_start = time.monotonic() - began
        return self

    def environment(self) -> dict[str, str]:
        dropped = {"DATABASE_URL", "REDIS_URL", "KUBECONFIG", "DJANGO_ALLOW_ASYNC_UNSAFE", "SLIPWAY_EMBEDDED"}
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return kept | {"SLIPWAY_STATE_DIR": str(self.state), "PYTHONUNBUFFERED": "1"}

    def wait_for_address(self, deadline: float) -> str:
        assert self.process is not None
        while time.monotonic() < deadline:
            said = self.log.read_text()
            if found := ADDRESS.search(said):
                return found.group(1)
            if self.process.poll() is not None:
                raise RuntimeError(f"the demo ended with status {self.process.returncode}:\n{said}")
            time.sleep(0.02)
        raise RuntimeError(f"the demo was not ready after {READY_WITHIN:.0f} s:\n{self.log.read_text()}")

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop as Ctrl-C does; with SIGKILL, as a crash does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(STOPS_WITHIN)

    def processes(self) -> list[int]:
        """Ids of the demo's process and of everything that it started."""
        if self.process is None:
            return []
        return [self.process.pid, *descendants(self.process.pid)]

    def session(self, username: str) -> Session:
        return Session(self.url, username)

    def __enter__(self) -> Demo:
        try:
            return self.start()
        except BaseException:
            self.stop()  # __exit__ is not called
            raise

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()


class Session(requests.Session):
    """A signed-in user without a browser. Paths are relative to the demo's address."""

    def __init__(self, url: str, username: str, password: str = "") -> None:
        """``password``: of a user who is not the demo's."""
        super().__init__()
        self.url = url
        self.get("/login/")
        answer = self.post(
            "/login/", data={"username": username, "password": password or PASSWORDS[username]}
        )
        assert "Sign out" in answer.text, f"{username} could not sign in"

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", 60)
        method, url = str(method), str(url)
        if method.upper() != "GET":
            kwargs["headers"] = {
                "X-CSRFToken": self.cookies.get("csrftoken") or "",
                "Referer": self.url,
            } | kwargs.get("headers", {})
        return super().request(method, f"{self.url}{url}" if url.startswith("/") else url, *args, **kwargs)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
