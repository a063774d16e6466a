"""Probes the cluster, and saves on its row whether it answers and that a reconciler works on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from catalog.models import Destination
from reconciler.base.db_thread import DatabaseThread
from reconciler.base.signals import wait_or_poll
from reconciler.kube import Client, KubeError
from reconciler.projection.instances import save_destination

log = logging.getLogger("slipway.reconciler")

PROBE_PERIOD, PROBE_PERIOD_WHEN_AWAY = 5.0, 1.0  # seconds


class ClusterProbe:
    """``on_return`` is called when a cluster that was away answers again."""

    def __init__(self, client: Client, database: DatabaseThread, on_return: Callable[[], None]) -> None:
        self._client, self._database, self._on_return = client, database, on_return
        self.destination = 0
        self.reachable: bool | None = None
        self._standby_reason = ""
        self._standby_changed = asyncio.Event()

    def set_standby_reason(self, standby_reason: str) -> None:
        """Why this reconciler is on standby, for a notice on every page; empty while it works."""
        if standby_reason != self._standby_reason:
            self._standby_reason = standby_reason
            self._standby_changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.probe()
            period = PROBE_PERIOD if self.reachable else PROBE_PERIOD_WHEN_AWAY
            await wait_or_poll(self._standby_changed, period)

    async def probe(self) -> None:
        try:
            version = await self._client.version()
        except KubeError as error:
            await self._away(error)
            return
        came_back, self.reachable = self.reachable is False, True
        await self._save(
            reachable=True,
            message=self._standby_reason,
            seen_at=timezone.now(),
            server_version=str(version.get("gitVersion") or "")[:60],
            simulated=is_simulated(version),
        )
        if came_back:
            log.info("The cluster answers again.")
            self._on_return()

    async def _away(self, error: KubeError) -> None:
        if self.reachable is not False:
            log.warning("%s %s", error, getattr(error, "detail", ""))
        self.reachable = False
        await self._client.renew()  # its address or its token may have changed
        await self._save(reachable=False, message=str(error))

    async def _save(self, **fields: Any) -> None:
        """The reconciler at work saves its heartbeat. One on standby writes nothing beside it."""
        if not self._standby_reason:
            fields["reconciler_seen_at"] = timezone.now()
        elif await self._database.call(has_reconciler, self.destination):
            return
        await self._database.call(lambda: save_destination(self.destination, **fields))


def has_reconciler(destination: int) -> bool:
    return Destination.objects.get(pk=destination).has_reconciler


def is_simulated(version: dict[str, Any]) -> bool:
    """A simulated server says so in the build metadata of its version."""
    return "sim" in str(version.get("gitVersion", "")).partition("+")[2]
