"""The engine: on duty while nobody else holds the cluster's Lease; its pulse beats all the time.

One event loop; everything slow happens elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from django.conf import settings

from reconciler import destinations
from reconciler.base.db_thread import Database
from reconciler.base.tasks import together
from reconciler.leader.election import Lease
from reconciler.leader.identity import this_process
from reconciler.manager.cluster_probe import Pulse
from reconciler.manager.controllers import Duty

log = logging.getLogger("slipway.engine")


class Engine:
    """``run`` until cancelled. It serves the default destination."""

    def __init__(self) -> None:
        # A connection of its own: a renewal must not queue behind the writes that it permits.
        self._lease_client = destinations.connect()
        holder = this_process(Path(settings.STATE_DIR))
        self.lease = Lease(self._lease_client, settings.LEASE_NAMESPACE, holder)
        self.client = destinations.connect(self.lease.permit)
        self.database = Database()
        self.pulse = Pulse(self.client, self.database, self.go_on)
        self.duty: Duty | None = None
        self._duty: asyncio.Task[None] | None = None
        self._destination = 0

    async def run(self) -> None:
        """Until cancelled; then everything that was started is stopped, and the next one may take over."""
        self._destination = (await self.database.call(destinations.default_destination)).pk
        self.pulse.destination = self._destination
        log.info("The reconciler is running.")
        try:
            await together([self.keep_lease, self.pulse.run])
        finally:
            await self.go_off_duty()
            await self.lease.release()
            await self._lease_client.close()
            await self.client.close()
            self.database.close()
            log.info("The reconciler has stopped.")

    async def keep_lease(self) -> None:
        """Until cancelled."""
        while True:
            doubted = not self.lease.is_certain
            await self.lease.look()
            self.pulse.tell(self.lease.obstacle)
            if self.lease.obstacle:
                await self.go_off_duty()
            elif self._duty is None or self._duty.done():
                self.go_on_duty()
            elif doubted and self.lease.is_certain:
                self.go_on()
            await asyncio.sleep(self.lease.pause)

    def go_on_duty(self) -> None:
        self.duty = Duty(self.client, self.database, self._destination)
        self._duty = asyncio.create_task(self.duty.run(), name="duty")

    async def go_off_duty(self) -> None:
        """Stop at once; returns when nothing of it runs any more."""
        if self._duty is not None:
            self._duty.cancel()
            await asyncio.gather(self._duty, return_exceptions=True)
            self._duty = self.duty = None

    def go_on(self) -> None:
        """The cluster answers again, or takes our writes again."""
        if self.duty is not None:
            self.duty.go_on()
