"""Delivers approved changes to the cluster as soon as they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from catalog.models.change import ChangeState
from portal.live.subscriptions import subscribe, unsubscribe
from reconciler.base import signals
from reconciler.base.db_thread import DatabaseThread
from reconciler.cache.instances import InstanceCache
from reconciler.changes.deliver import deliver
from reconciler.changes.outbox import DeliveryResult, PendingChange, due_changes, save_deliveries
from reconciler.kube import Client
from reconciler.status.snapshot import Key

CHANGES_AT_ONCE = 32


class ChangeController:
    """Calls ``on_delivered`` with the key of each instance that a delivery created or changed.

    Wakes when a change is approved, and when a kind changes: a change may wait for its kind. A change that
    the cluster could not take is tried again after ``POLL_PERIOD``.
    """

    def __init__(
        self,
        client: Client,
        database: DatabaseThread,
        destination: int,
        instances: InstanceCache,
        on_delivered: Callable[[Key], None],
    ) -> None:
        self._client, self._database, self._destination = client, database, destination
        self._instances, self._on_delivered = instances, on_delivered

    async def run(self) -> None:
        """Until cancelled."""
        due = subscribe(*signals.TOPICS)
        try:
            while True:
                pending_changes = await self._database.call(due_changes, self._destination)
                starts = range(0, len(pending_changes), CHANGES_AT_ONCE)
                if any([await self._deliver(pending_changes[at : at + CHANGES_AT_ONCE]) for at in starts]):
                    continue  # the next change of the same instance may be due
                await signals.wait_or_poll(due, signals.POLL_PERIOD)
        finally:
            unsubscribe(due)

    async def _deliver(self, pending_changes: list[PendingChange]) -> bool:
        """Ask for all at once, write the answers together. True when at least one was decided."""
        answers = await asyncio.gather(*(self._deliver_one(pending) for pending in pending_changes))
        await self._database.call(save_deliveries, list(zip(pending_changes, answers, strict=True)))
        return any(answer.state != ChangeState.APPROVED for answer in answers)

    async def _deliver_one(self, pending: PendingChange) -> DeliveryResult:
        key = Key(pending.group_kind, pending.namespace, pending.name)
        answer = await deliver(self._client, pending, self._instances.generations(key))
        if answer.live is not None and key.group_kind in self._instances.informers:
            self._instances.learn(key, answer.live)
            self._on_delivered(key)
        return answer
