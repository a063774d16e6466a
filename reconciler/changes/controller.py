"""Delivers approved changes to the cluster as soon as they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from catalog.models.change import Action, ChangeState, WaitReason
from catalog.touched import set_value
from contracts.documents.paths import MISSING
from portal.live.subscriptions import subscribe, unsubscribe
from reconciler.base import signals
from reconciler.changes.deliver import Prepared, deliver, prepare, result_of, waiting
from reconciler.changes.outbox import (
    DeliveryResult,
    PendingChange,
    cancelled_deletions,
    due_changes,
    save_deliveries,
    start_deliveries,
)
from reconciler.changes.schema_lag import checked, unless_fields_are_missing
from reconciler.context import ClusterContext
from reconciler.kinds.crd import CRD_RESOURCE, owner_conflict
from reconciler.kube import KubeError
from reconciler.objects.accessors import uid_of

CHANGES_AT_ONCE = 32


class ChangeController:
    """Requeues each instance that a delivery created or changed.

    Wakes when a change is approved. A change that the cluster could not take is tried again with a back-off,
    and at once when a kind changes or the cluster answers again.
    """

    def __init__(self, context: ClusterContext) -> None:
        self._context, self._database = context, context.database
        self._retries = context.change_retries
        self._instances, self._cache = context.instances, context.reconcile_cache

    async def run(self) -> None:
        """Until cancelled."""
        due = subscribe(*signals.TOPICS)
        try:
            while True:
                await self._withdraw_deletions()
                found = await self._database.call(due_changes, self._context.destination)
                changes = [pending for pending in found if self._retries.is_due(pending.pk)]
                starts = range(0, len(changes), CHANGES_AT_ONCE)
                if any([await self._deliver(changes[at : at + CHANGES_AT_ONCE]) for at in starts]):
                    continue  # the next change of the same instance may be due
                period = self._retries.seconds_until_next(signals.POLL_PERIOD)
                await signals.wait_or_poll(due, period)
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
        epoch = self._retries.epoch
        prepared = await asyncio.gather(*map(self._prepare, changes))
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
            self._note(pending, result, epoch)
            if result.state == ChangeState.REFUSED and self._cache.withdraw_deletion(pending.uid):
                self._context.queue.add(pending.key)  # its state is assessed without the request
        return any(result.state != ChangeState.WAITING for result in results)

    async def _prepare(self, pending: PendingChange) -> Prepared | DeliveryResult:
        """As ``prepare``. Nothing is created or edited of a kind whose definition has another owner."""
        context, group_kind = self._context, pending.key.group_kind
        prepared = await prepare(context.client, pending)
        if isinstance(prepared, DeliveryResult) or pending.action == Action.DELETE:
            return prepared
        if group_kind in context.contracts:
            conflict = context.foreign_kinds.get(group_kind, "")
        else:  # the reconciler has just started, or the contract was just published
            try:
                live = await context.client.get(CRD_RESOURCE, "", pending.crd_name)
            except KubeError as error:
                return result_of(context.client, pending, error)
            conflict = owner_conflict(live, pending.contract) if live is not None else ""
        return waiting(conflict, WaitReason.SCHEMA) if conflict else prepared

    def _note(self, pending: PendingChange, result: DeliveryResult, epoch: int) -> None:
        if result.state == ChangeState.WAITING:
            self._retries.failed(pending.pk, epoch)
        else:
            self._retries.forget(pending.pk)
        if result.deleted:
            self._context.queue.add(pending.key)  # another object that has the name is not being deleted

    async def _deliver_one(
        self, pending: PendingChange, prepared: Prepared | DeliveryResult
    ) -> DeliveryResult:
        if pending.action == Action.DELETE and pending.uid:
            self._cache.request_deletion(pending.uid)
        if isinstance(prepared, DeliveryResult):
            return prepared
        result = self._with_schema_lag(pending, await deliver(self._context.client, pending, prepared))
        if result.live is not None:
            self._instances.store_write(pending.key, result.live)
            self._context.queue.add(pending.key)
        return result

    def _with_schema_lag(self, pending: PendingChange, result: DeliveryResult) -> DeliveryResult:
        if pending.action == Action.DELETE:
            return result
        compiled, sent = self._context.contracts.get(pending.key.group_kind), sent_spec(pending)
        if compiled is None:
            return unless_fields_are_missing(pending, sent, result)
        if compiled.definition is None:
            return result
        return checked(pending, sent, result, compiled.definition.spec_schema, timezone.now())

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
