"""``manage.py run``: runs the complete demo until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.demo import DEMO_ACCOUNTS
from portal.accounts.models import User
from portal.accounts.users import create_first_admin
from portal.home.demo import data, database, serving
from portal.home.demo.cluster import EmbeddedCluster
from portal.home.demo.port import listen


class Command(BaseCommand):
    help = (
        "Serve the portal with a reconciler and an embedded cluster on this machine. Ctrl-C stops everything."
    )
    requires_system_checks = ()  # they take half a second per start; `make lint` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to serve on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port, or the next free one (8000)")

    def handle(self, *, host: str, port: int, **_: Any) -> None:
        began = time.monotonic()
        if not settings.EMBEDDED:
            raise CommandError(
                "This command runs the embedded demo, but SLIPWAY_EMBEDDED=0 is set. Unset it."
            )
        signal.signal(signal.SIGTERM, exit_cleanly)
        try:
            with ExitStack() as cleanup:
                self.run(host, port, began, cleanup)
        except KeyboardInterrupt:
            pass
        self.stdout.write("\nStopped.")

    def run(self, host: str, wanted: int, began: float, cleanup: ExitStack) -> None:
        bound, port = self.find_port(host, wanted)
        cleanup.callback(bound.close)
        if moved := database.set_other_version_aside():
            self.stdout.write(moved)
        cluster = self.start_cluster(cleanup)
        database.migrate()
        data.load()
        first_admin = None if settings.DEMO else create_first_admin()
        if cluster and not cluster.wait_until_ready():
            self.stderr.write("The embedded cluster does not respond yet; pages work, changes wait for it.")
        reconciler = serving.start_reconciler()
        if reconciler:
            cleanup.callback(reconciler.stop)
        else:
            self.stderr.write(
                "No reconciler runs in this process: changes wait until `manage.py reconcile` runs."
            )
        serving.serve(bound, lambda: self.report(host, port, time.monotonic() - began, first_admin))

    def find_port(self, host: str, wanted: int) -> tuple[Any, int]:
        try:
            bound, port = listen(host, wanted)
        except OSError as problem:
            raise CommandError(
                f"Cannot serve on {host}:{wanted}: {problem.strerror}. Set --host and --port."
            ) from problem
        if port != wanted:
            self.stdout.write(f"Port {wanted} is in use; serving on {port}.")
        return bound, port

    def start_cluster(self, cleanup: ExitStack) -> EmbeddedCluster | None:
        """None when KUBECONFIG names a real cluster."""
        if settings.KUBECONFIG:
            return None
        cluster = EmbeddedCluster(
            settings.STATE_DIR / "kubeconfig",
            settings.STATE_DIR / "cluster.json",
            settings.EMBEDDED_CLUSTER_RULES,
        )
        cluster.start()
        cleanup.callback(cluster.stop)
        return cluster

    def report(self, host: str, port: int, seconds: float, first_admin: tuple[User, str] | None) -> None:
        lines = ["", f"  Slipway is ready after {seconds:.1f} s:  http://{url_host(host)}:{port}/", ""]
        if settings.DEMO:
            lines += ["  Sign in as"]
            lines += [f"    {one.username:<11}{one.password:<16}{one.description}" for one in DEMO_ACCOUNTS]
            lines += [
                "",
                "  The cluster is simulated. To inspect it, run",
                f"    kubectl --kubeconfig {relative(settings.STATE_DIR / 'kubeconfig')} get all -A",
            ]
        else:
            lines += sign_in_lines(first_admin)
            lines += ["", f"  Using the cluster of {settings.KUBECONFIG}"]
        lines += ["", f"  State is stored in {relative(settings.STATE_DIR)}. Press Ctrl-C to stop.", ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def sign_in_lines(first_admin: tuple[User, str] | None) -> list[str]:
    if first_admin is None:
        return ["  Sign in with your account. A portal admin creates accounts on the page Users."]
    user, password = first_admin
    return [
        f"  Sign in as the portal admin {user.username} with the temporary password",
        f"    {password}",
        "  It is shown only now, and you change it when you sign in.",
    ]


def url_host(host: str) -> str:
    """The host for a URL: a wildcard becomes loopback, IPv6 gets brackets."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def relative(path: Path) -> Path:
    """The path relative to the working directory if it is below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def exit_cleanly(*_: Any) -> None:
    sys.exit(0)
