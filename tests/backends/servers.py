"""PostgreSQL and Redis for tests: the machine's packages, started on free ports and deleted afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN = 60.0


def find_postgres() -> Path | None:
    """The directory of ``initdb`` and ``postgres``: Debian keeps them out of PATH."""
    on_path = shutil.which("postgres")
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    return next((directory for directory in candidates if (directory / "initdb").exists()), None)


def find_redis() -> str | None:
    return shutil.which("redis-server")


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@contextmanager
def postgres(binaries: Path) -> Iterator[str]:
    """A new server; yields its ``DATABASE_URL``. Root runs it as another user, as PostgreSQL requires."""
    with tempfile.TemporaryDirectory(prefix="slipway-postgres-") as directory:
        _change_owner(directory)
        data, port = f"{directory}/data", free_port()
        environment = {"PATH": f"{binaries}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        initdb = [f"{binaries}/initdb", "-D", data, "-U", "slipway", "--auth=trust", "--no-sync"]
        subprocess.run(
            [*_unprivileged_command(), *initdb, "--encoding=UTF8"],
            check=True,
            capture_output=True,
            cwd=directory,
            env=environment,
        )
        serve = [f"{binaries}/postgres", "-D", data, "-p", str(port), "-k", directory, "-h", "127.0.0.1"]
        options = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        command = [*_unprivileged_command(), *serve, *options]
        with _started(command, lambda: _listens(port), directory, environment):
            yield f"postgres://slipway@127.0.0.1:{port}/postgres"


@contextmanager
def redis(binary: str) -> Iterator[str]:
    """A new server that writes nothing to disk; yields its ``REDIS_URL``."""
    port = free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (
        tempfile.TemporaryDirectory(prefix="slipway-redis-") as directory,
        _started(command, lambda: _listens(port), directory),
    ):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _started(
    command: list[str],
    ready: Callable[[], bool],
    directory: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=directory,
        env=environment,
    )
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start: {process.communicate(timeout=1)[1]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # with SIGTERM, PostgreSQL would wait for its clients
        process.wait(STARTS_WITHIN)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _unprivileged_command() -> list[str]:
    """The prefix that runs a command as another user than root."""
    if os.getuid() != 0:
        return []
    account = _unprivileged_account()
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _change_owner(directory: str) -> None:
    if os.getuid() == 0:
        account = _unprivileged_account()
        os.chown(directory, account.pw_uid, account.pw_gid)


def _unprivileged_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL needs an account that is not root: there is neither postgres nor nobody")
