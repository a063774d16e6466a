"""The engine: on duty while nobody else holds the cluster's Lease; its pulse beats all the time.

One event loop; everything slow happens elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from django.conf import settings

from reconciler import destinations
from reconciler.base.db_thread import DatabaseThread
from reconciler.base.tasks import run_all
from reconciler.leader.election import LeaderElector
from reconciler.leader.identity import this_process
from reconciler.manager.cluster_probe import ClusterProbe
from reconciler.manager.controllers import Controllers

log = logging.getLogger("slipway.engine")


class Manager:
    """``run`` until cancelled. It serves the default destination."""

    def __init__(self) -> None:
        # A connection of its own: a renewal must not queue behind the writes that it permits.
        self._elector_client = destinations.connect()
        holder = this_process(Path(settings.STATE_DIR))
        self.elector = LeaderElector(self._elector_client, settings.LEASE_NAMESPACE, holder)
        self.client = destinations.connect(self.elector.permit)
        self.database = DatabaseThread()
        self.cluster_probe = ClusterProbe(self.client, self.database, self.resync)
        self.controllers: Controllers | None = None
        self._controllers_task: asyncio.Task[None] | None = None
        self._destination = 0

    async def run(self) -> None:
        """Until cancelled; then everything that was started is stopped, and the next one may take over."""
        self._destination = (await self.database.call(destinations.default_destination)).pk
        self.cluster_probe.destination = self._destination
        log.info("The reconciler is running.")
        try:
            await run_all([self.run_leader_election, self.cluster_probe.run])
        finally:
            await self.stop_controllers()
            await self.elector.release()
            await self._elector_client.close()
            await self.client.close()
            self.database.close()
            log.info("The reconciler has stopped.")

    async def run_leader_election(self) -> None:
        """Until cancelled."""
        while True:
            doubted = not self.elector.is_leader
            await self.elector.try_acquire_or_renew()
            self.cluster_probe.set_standby_reason(self.elector.standby_reason)
            if self.elector.standby_reason:
                await self.stop_controllers()
            elif self._controllers_task is None or self._controllers_task.done():
                self.start_controllers()
            elif doubted and self.elector.is_leader:
                self.resync()
            await asyncio.sleep(self.elector.retry_period)

    def start_controllers(self) -> None:
        self.controllers = Controllers(self.client, self.database, self._destination)
        self._controllers_task = asyncio.create_task(self.controllers.run(), name="duty")

    async def stop_controllers(self) -> None:
        """Stop at once; returns when nothing of it runs any more."""
        if self._controllers_task is not None:
            self._controllers_task.cancel()
            await asyncio.gather(self._controllers_task, return_exceptions=True)
            self._controllers_task = self.controllers = None

    def resync(self) -> None:
        """The cluster answers again, or takes our writes again."""
        if self.controllers is not None:
            self.controllers.resync()
