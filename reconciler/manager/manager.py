"""The manager: probes a cluster, and runs its controllers while this process is the leader.

Everything runs on one event loop; slow work runs elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from django.conf import settings

from portal.live.subscriptions import relay_other_processes
from reconciler import destinations
from reconciler.base import signals
from reconciler.base.db_thread import DatabaseThread
from reconciler.base.tasks import run_all
from reconciler.leader.election import LeaderElector
from reconciler.leader.identity import this_process
from reconciler.manager.cluster_probe import ClusterProbe
from reconciler.manager.controllers import Controllers

log = logging.getLogger("slipway.reconciler")


class Manager:
    """Reconciles the default destination. Call ``run``."""

    def __init__(self) -> None:
        # A separate client: a renewal must not queue behind the writes that it permits.
        self._elector_client = destinations.connect()
        identity = this_process(Path(settings.STATE_DIR))
        self.elector = LeaderElector(self._elector_client, settings.LEASE_NAMESPACE, identity)
        self.client = destinations.connect(self.elector.permit)
        self.database = DatabaseThread()
        self.cluster_probe = ClusterProbe(self.client, self.database, self.resync)
        self.controllers: Controllers | None = None
        self._controllers_task: asyncio.Task[None] | None = None
        self._destination = 0

    async def run(self) -> None:
        """Until cancelled. Then stops everything that it started, and releases the Lease."""
        self._destination = (await self.database.call(destinations.default_destination)).pk
        self.cluster_probe.destination = self._destination
        log.info("The reconciler is running.")
        try:
            await run_all([self.run_leader_election, self.cluster_probe.run, self.relay_other_processes])
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
            was_leader = self.elector.is_leader
            await self.elector.try_acquire_or_renew()
            self.cluster_probe.set_standby_reason(self.elector.standby_reason)
            if self.elector.standby_reason:
                await self.stop_controllers()
            elif self._controllers_task is None or self._controllers_task.done():
                self.start_controllers()
            elif self.elector.is_leader and not was_leader:
                self.resync()
            await asyncio.sleep(self.elector.retry_period)

    async def relay_other_processes(self) -> None:
        """Until cancelled. Once per process, however many clusters it reconciles."""
        await relay_other_processes(signals.TOPICS)

    def start_controllers(self) -> None:
        self.controllers = Controllers(self.client, self.database, self._destination)
        self._controllers_task = asyncio.create_task(self.controllers.run(), name="controllers")

    async def stop_controllers(self) -> None:
        """Returns when none of their tasks runs any more."""
        if self._controllers_task is not None:
            self._controllers_task.cancel()
            await asyncio.gather(self._controllers_task, return_exceptions=True)
            self._controllers_task = self.controllers = None

    def resync(self) -> None:
        """The cluster answers again, or accepts our writes again."""
        if self.controllers is not None:
            self.controllers.resync()
