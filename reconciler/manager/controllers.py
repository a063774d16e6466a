"""The controllers of one cluster.

``ContractController`` keeps kinds and instance watches equal to the published contracts, ``ChangeController``
delivers changes, ``InstanceController`` reconciles instances, ``ProjectionWriter`` writes what they observed.
"""

from __future__ import annotations

import asyncio

from portal.live.subscriptions import notify
from reconciler.base import signals
from reconciler.base.db_thread import DatabaseThread
from reconciler.base.tasks import Runnable, run_all
from reconciler.changes.controller import ChangeController
from reconciler.context import ClusterContext
from reconciler.instances.controller import InstanceController
from reconciler.kinds.controller import ContractController
from reconciler.kube import Client
from reconciler.projection.events import delete_expired
from reconciler.projection.resources import load_previous

WORKERS = 16
EXPIRY_PERIOD, EXPIRY_PAUSE = 3600.0, 1.0  # seconds


class Controllers:
    """Created again for each term as leader, so that no observation of an earlier term is trusted."""

    def __init__(self, client: Client, database: DatabaseThread, destination: int) -> None:
        self.context = ClusterContext(client, database, destination)
        self.contract_controller = ContractController(self.context)
        self.change_controller = ChangeController(self.context)
        self.instance_controller = InstanceController(self.context)

    async def run(self) -> None:
        """Until cancelled; then everything that was started is stopped, and what was observed is written."""
        context = self.context
        context.reconcile_cache.seed(await context.database.call(load_previous, context.destination))
        runnables: list[Runnable] = [
            self.contract_controller.run,
            self.contract_controller.run_schemas,
            self.change_controller.run,
            context.projection.write,
            self.delete_expired_events,
            *[self.instance_controller.work] * WORKERS,
        ]
        try:
            await run_all(runnables)
        finally:
            self.contract_controller.close()
            await context.informers.close()
            await context.projection.flush()

    async def delete_expired_events(self) -> None:
        """Until cancelled: some rows at a time, so that no other work on the database waits for long."""
        while True:
            deleted = await self.context.database.call(delete_expired, self.context.destination)
            await asyncio.sleep(EXPIRY_PAUSE if deleted else EXPIRY_PERIOD)

    def resync(self) -> None:
        """The cluster accepts writes again: retry everything now instead of at the end of a back-off."""
        self.context.change_retries.forget_all()
        for topic in signals.TOPICS:
            notify(topic)
        self.context.informers.nudge()
        for key in self.context.instances.all_keys():
            self.context.queue.add(key)
