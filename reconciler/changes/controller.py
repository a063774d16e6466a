"""Delivers approved changes to the cluster as soon as they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.models.change import Action, ChangeState
from catalog.touched import set_value
from contracts.documents.paths import MISSING
from portal.live.subscriptions import subscribe, unsubscribe
from reconciler.base import signals
from reconciler.changes.deliver import Prepared, deliver, prepare
from reconciler.changes.outbox import (
    DeliveryResult,
    PendingChange,
    cancelled_deletions,
    due_changes,
    save_deliveries,
    start_deliveries,
)
from reconciler.changes.schema_lag import SchemaLag
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
        self._schema_lag = SchemaLag()
        self._instances, self._cache = context.instances, context.reconcile_cache

    async def run(self) -> None:
        """Until cancelled."""
        due = subscribe(*signals.TOPICS)
        try:
            while True:
                await self._withdraw_deletions()
                changes = await self._database.call(due_changes, self._context.destination)
                starts = range(0, len(changes), CHANGES_AT_ONCE)
                if any([await self._deliver(changes[at : at + CHANGES_AT_ONCE]) for at in starts]):
                    continue  # the next change of the same instance may be due
                await signals.wait_or_poll(due, signals.POLL_PERIOD)
        finally:
            unsubscribe(due)

    async def _withdraw_deletions(self) -> None:
        """Assess again the instances whose requested deletion was cancelled."""
        requested = self._cache.deletions_requested
        if not requested:
            return
        for uid in await self._database.call(cancelled_deletions, list(requested)):
            key = self._instances.key_of_uid(uid)
            if self._cache.withdraw_deletion(uid) and key is not None:
                self._context.queue.add(key)

    async def _deliver(self, changes: list[PendingChange]) -> bool:
        """Deliver all at once, save the results together. True when at least one was decided."""
        prepared = await asyncio.gather(*(prepare(self._context.client, pending) for pending in changes))
        ready = [one.pk for one, found in zip(changes, prepared, strict=True) if isinstance(found, Prepared)]
        started = await self._database.call(start_deliveries, ready)
        pairs = [
            (one, found)
            for one, found in zip(changes, prepared, strict=True)
            if one.pk in started or isinstance(found, DeliveryResult)  # the others were cancelled meanwhile
        ]
        results = await asyncio.gather(*(self._deliver_one(one, found) for one, found in pairs))
        changes = [one for one, _ in pairs]
        # No await between this look at the cache and the call: a deletion that the watch reports later is
        # written after the results, because the database thread works in order.
        results = [self._observed(pending, result) for pending, result in zip(changes, results, strict=True)]
        await self._database.call(save_deliveries, list(zip(changes, results, strict=True)))
        for pending, result in zip(changes, results, strict=True):
            if result.state == ChangeState.REFUSED and self._cache.withdraw_deletion(pending.uid):
                self._context.queue.add(pending.key)  # its state is assessed without the request
        return any(result.state != ChangeState.WAITING for result in results)

    async def _deliver_one(
        self, pending: PendingChange, prepared: Prepared | DeliveryResult
    ) -> DeliveryResult:
        if pending.action == Action.DELETE:
            self._cache.request_deletion(pending.uid)
        if isinstance(prepared, DeliveryResult):
            return prepared
        result = self._with_schema_lag(pending, await deliver(self._context.client, pending, prepared))
        if result.live is not None:
            self._instances.store_write(pending.key, result.live)
            self._context.queue.add(pending.key)
        return result

    def _with_schema_lag(self, pending: PendingChange, result: DeliveryResult) -> DeliveryResult:
        compiled = self._context.contracts.get(pending.key.group_kind)
        if pending.action == Action.DELETE or compiled is None or compiled.definition is None:
            return result
        schema = compiled.definition.spec_schema
        return self._schema_lag.checked(pending.pk, sent_spec(pending), result, schema)

    def _observed(self, pending: PendingChange, result: DeliveryResult) -> DeliveryResult:
        """The result, with what the watch has shown of the object since."""
        if result.live is None or not self._instances.is_deleted(pending.key, uid_of(result.live)):
            return result
        return replace(result, deleted=True)


def sent_spec(pending: PendingChange) -> Mapping[str, Any]:
    """What the change sends of the spec: all of it for a creation, else the fields that it sets."""
    if pending.action == Action.CREATE:
        return pending.manifest.get("spec") or {}
    body: dict[str, Any] = {}
    for one in pending.touched:
        if one.new is not MISSING:
            set_value(body, one.path, one.new)
    return body.get("spec") or {}
