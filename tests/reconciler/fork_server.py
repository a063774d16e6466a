"""A fork server: a process that has imported everything and forks a process of the product on request.

A test that kills dozens of processes cannot wait for each to import Django. ``python -m
tests.reconciler.fork_server`` answers the line ``ROLE ARGUMENT…`` with the pid of a new process, and
``reap PID`` after that process has ended.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import django
from django.conf import settings

from tests.conftest import REPOSITORY

CONTRACT = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: any}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Any
    spec: {text: string}
  resources:
    - id: map
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}"}
        data: {text: "${schema.spec.text}"}
"""


class ForkServer:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, role: str = "reconciler", *arguments: str) -> int:
        """``role``: a key of ``ROLES``. Arguments contain no blanks."""
        return int(self._ask(" ".join((role, *arguments))))

    def reap(self, pid: int) -> None:
        self._ask(f"reap {pid}")

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def fork_server(
    kubeconfig: Path, state: Path, database: Path, log: Path | None = None
) -> Iterator[ForkServer]:
    """``log``: where the errors of its processes go."""
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
    with open(log or os.devnull, "ab") as errors:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=errors if log else None,
            text=True,
        )
    try:
        yield ForkServer(process)
    finally:
        process.kill()
        process.communicate()


# -- its processes ---------------------------------------------------------------------------------------


def reconcile() -> None:
    """As ``manage.py reconcile``."""
    manager = import_module("reconciler.manager.manager")
    asyncio.run(manager.Manager().run())


def serve(port: str) -> None:
    """The web server, as ``manage.py run`` starts it."""
    bound, _ = import_module("portal.home.demo.port").bind("127.0.0.1", int(port))
    import_module("portal.home.demo.serving").serve(bound, lambda: None)


def serve_cluster(kubeconfig: str, state: str) -> None:
    """The embedded cluster, as ``manage.py run`` starts it."""
    rules = import_module("django.conf").settings.EMBEDDED_CLUSTER_RULES
    options = ["--kubeconfig", kubeconfig, "--state", state, "--rules", rules, "--ready-after", "0.05"]
    import_module("devcluster.command").main(options)


def call(function: str, *arguments: str) -> None:
    """Any function, by its dotted name."""
    module, _, name = function.rpartition(".")
    getattr(import_module(module), name)(*arguments)


ROLES: dict[str, Any] = {"reconciler": reconcile, "web": serve, "cluster": serve_cluster, "call": call}
PRELOADED = (
    "kubernetes.aio.client",
    "kubernetes.aio.config",  # a connection imports them; here it is done once for all children
    "reconciler.manager.manager",
    "devcluster.command",
    "contracts.crd_rules",
    "portal.home.demo.serving",
    "portal.asgi",
    "portal.urls",
)


def become(role: str, arguments: list[str]) -> NoReturn:
    """Run the role in this forked process, and end it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the pipe carries only pids
    status = 0
    try:
        ROLES[role](*arguments)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        os._exit(status)


def main() -> None:
    django.setup()
    for module in PRELOADED:
        import_module(module)  # only after setup()
    import_module("contracts.compiler").compile_text(CONTRACT)  # the tables of CEL and of Kubernetes' kinds
    for line in sys.stdin:
        word, *arguments = line.split()
        if word == "reap":
            os.waitpid(int(arguments[0]), 0)
            print("reaped", flush=True)
            continue
        child = os.fork()
        if child == 0:
            become(word, arguments)
        print(child, flush=True)


if __name__ == "__main__":
    main()
