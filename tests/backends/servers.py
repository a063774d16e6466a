"""PostgreSQL and Redis of the machine's own packages, started for the tests on free ports and thrown away
after them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ANSWERS_WITHIN = 20.0


def find_postgres() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: Debian keeps them out of PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    candidates = [*folders, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


def find_redis() -> str | None:
    return shutil.which("redis-server")


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@contextmanager
def postgres(binaries: Path) -> Iterator[str]:
    """A fresh server; gives its ``DATABASE_URL``. It refuses to run as root, so root lends it another
    name."""
    with tempfile.TemporaryDirectory(prefix="slipway-postgres-") as folder:
        lend(folder)
        data, port = f"{folder}/data", free_port()
        run = {"cwd": folder, "env": {"PATH": f"{binaries}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}}
        initdb = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "slipway",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
        ]
        subprocess.run([*as_somebody(), *map(str, initdb)], check=True, capture_output=True, **run)
        serve = [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1"]
        options = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        with started([*as_somebody(), *map(str, serve), *options], lambda: answers(port), **run):
            yield f"postgres://slipway@127.0.0.1:{port}/postgres"


@contextmanager
def redis(binary: str) -> Iterator[str]:
    """A fresh server that writes nothing to disk; gives its ``REDIS_URL``."""
    port = free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (
        tempfile.TemporaryDirectory(prefix="slipway-redis-") as folder,
        started(command, lambda: answers(port), cwd=folder),
    ):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def started(command: list[str], ready: Callable[[], bool], **run: object) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **run)
    try:
        until = time.monotonic() + ANSWERS_WITHIN
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} did not start: {process.communicate(timeout=1)[1]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # SIGTERM would make PostgreSQL wait for those who are connected
        process.wait(ANSWERS_WITHIN)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def as_somebody() -> list[str]:
    """In front of a command that root may not run."""
    if os.getuid() != 0:
        return []
    account = unprivileged()
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def lend(folder: str) -> None:
    if os.getuid() == 0:
        account = unprivileged()
        os.chown(folder, account.pw_uid, account.pw_gid)


def unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("there is neither an account postgres nor nobody to run PostgreSQL as")
