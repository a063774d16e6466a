"""Delivers approved changes to the cluster as soon as they are due."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from catalog.models.change import Action, ChangeState
from portal.live.subscriptions import subscribe, unsubscribe
from reconciler.base import signals
from reconciler.changes.deliver import deliver
from reconciler.changes.outbox import DeliveryResult, PendingChange, due_changes, save_deliveries
from reconciler.context import ClusterContext
from reconciler.objects.accessors import uid_of

CHANGES_AT_ONCE = 32


class ChangeController:
    """Requeues each instance that a delivery created or changed.

    Wakes when a change is approved, and when a kind changes: a change may wait for its kind. A change that
    the cluster could not take is tried again after ``POLL_PERIOD``.
    """

    def __init__(self, context: ClusterContext) -> None:
        self._context, self._database = context, context.database
        self._instances, self._cache = context.instances, context.reconcile_cache

    async def run(self) -> None:
        """Until cancelled."""
        due = subscribe(*signals.TOPICS)
        try:
            while True:
                changes = await self._database.call(due_changes, self._context.destination)
                starts = range(0, len(changes), CHANGES_AT_ONCE)
                if any([await self._deliver(changes[at : at + CHANGES_AT_ONCE]) for at in starts]):
                    continue  # the next change of the same instance may be due
                await signals.wait_or_poll(due, signals.POLL_PERIOD)
        finally:
            unsubscribe(due)

    async def _deliver(self, changes: list[PendingChange]) -> bool:
        """Deliver all at once, save the results together. True when at least one was decided."""
        results = await asyncio.gather(*(self._deliver_one(pending) for pending in changes))
        # No await between this look at the cache and the call: a deletion that the watch reports later is
        # written after the results, because the database thread works in order.
        results = [self._observed(pending, result) for pending, result in zip(changes, results, strict=True)]
        await self._database.call(save_deliveries, list(zip(changes, results, strict=True)))
        for pending, result in zip(changes, results, strict=True):
            if result.state == ChangeState.REFUSED and self._cache.withdraw_deletion(pending.uid):
                self._context.queue.add(pending.key)  # its state is assessed without the request
        return any(result.state != ChangeState.APPROVED for result in results)

    async def _deliver_one(self, pending: PendingChange) -> DeliveryResult:
        if pending.action == Action.DELETE:
            self._cache.request_deletion(pending.uid)
        result = await deliver(self._context.client, pending, self._instances.generations(pending.key))
        if result.live is not None:
            self._instances.store_write(pending.key, result.live)
            self._context.queue.add(pending.key)
        return result

    def _observed(self, pending: PendingChange, result: DeliveryResult) -> DeliveryResult:
        """The result, with what the watch has shown of the object since."""
        if result.live is None or not self._instances.is_deleted(pending.key, uid_of(result.live)):
            return result
        return replace(result, deleted=True)
