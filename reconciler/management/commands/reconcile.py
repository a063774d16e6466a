"""``manage.py reconcile``: the reconciler as a separate process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Any

from django.core.management.base import BaseCommand

from reconciler.destinations import kubeconfig_path
from reconciler.manager.manager import Manager


class Command(BaseCommand):
    help = "Reconcile instances with their contracts until stopped (SIGTERM, Ctrl-C)."

    def handle(self, *args: Any, **options: Any) -> None:
        where = kubeconfig_path() or "the service account of this pod"
        self.stdout.write(f"Reconciling with {where}.")
        asyncio.run(run())


async def run() -> None:
    task = asyncio.create_task(Manager().run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
