"""Probes the cluster, and saves on its row whether it answers and that a reconciler works on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Destination
from reconciler.base.db_thread import DatabaseThread
from reconciler.base.signals import wait_or_poll
from reconciler.kube import Client, KubeError
from reconciler.projection.instances import save_destination

log = logging.getLogger("slipway.reconciler")

PROBE_PERIOD, PROBE_PERIOD_WHEN_AWAY = 5.0, 1.0  # seconds


class ClusterProbe:
    """``on_return`` is called when a cluster that was away answers again.

    It starts when ``set_standby_reason`` is called first: before that, it is unknown whether this
    process is the one whose heartbeat counts.
    """

    def __init__(self, client: Client, database: DatabaseThread, on_return: Callable[[], None]) -> None:
        self._client, self._database, self._on_return = client, database, on_return
        self.destination = 0
        self.reachable: bool | None = None
        self._standby_reason: str | None = None  # None: not decided yet
        self._standby_changed = asyncio.Event()
        self._last_heartbeat: datetime | None = None  # of this process

    def set_standby_reason(self, standby_reason: str) -> None:
        """Why this reconciler is on standby, for a notice on every page; empty while it works."""
        if standby_reason != self._standby_reason:
            self._standby_reason = standby_reason
            self._standby_changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        if self._standby_reason is None:
            await self._standby_changed.wait()
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
        if came_back:  # before anything that can fail: the next probe does not see it again
            log.info("The cluster answers again.")
            self._on_return()
        await self._save(
            reachable=True,
            message=self._standby_reason or "",
            seen_at=timezone.now(),
            server_version=str(version.get("gitVersion") or "")[:60],
            simulated=is_simulated(version),
        )

    async def _away(self, error: KubeError) -> None:
        if self.reachable is not False:
            log.warning("%s %s", error, getattr(error, "detail", ""))
        self.reachable = False
        await self._client.renew()  # its address or its token may have changed
        await self._save(reachable=False, message=str(error))

    async def _save(self, **fields: Any) -> None:
        """The reconciler at work saves its heartbeat. One on standby writes nothing beside it."""
        if self._standby_reason:
            await self._database.call(save_on_standby, self.destination, self._last_heartbeat, fields)
            return
        self._last_heartbeat = timezone.now()
        fields["reconciler_seen_at"] = self._last_heartbeat
        await self._database.call(lambda: save_destination(self.destination, **fields))


def save_on_standby(destination: int, last_heartbeat: datetime | None, fields: dict[str, Any]) -> None:
    """Save the state of the cluster, unless another reconciler works for this database and saves it.

    ``last_heartbeat``: of this process, from before it was on standby. It is no sign of another one.
    """
    with transaction.atomic():
        if not has_other_reconciler(destination, last_heartbeat):
            save_destination(destination, **fields)


def has_other_reconciler(destination: int, last_heartbeat: datetime | None) -> bool:
    row = Destination.objects.select_for_update().get(pk=destination)
    if not row.has_reconciler or row.reconciler_seen_at is None:
        return False
    return last_heartbeat is None or row.reconciler_seen_at > last_heartbeat


def is_simulated(version: dict[str, Any]) -> bool:
    """A simulated server says so in the build metadata of its version."""
    return "sim" in str(version.get("gitVersion", "")).partition("+")[2]
