"""Take keys from the work queue, run a pass of each, and act on its result."""

from __future__ import annotations

import logging

from reconciler.cache.contracts import CompiledContract
from reconciler.cache.informers import NotSynced
from reconciler.context import ClusterContext
from reconciler.instances.apply import ApplyReconciler
from reconciler.instances.finalize import FinalizeReconciler
from reconciler.instances.reconciler import (
    ForeignKindReconciler,
    InstanceReconciler,
    Result,
    StatusOnlyReconciler,
    must_not_apply,
)
from reconciler.kube import KubeError, Unreachable
from reconciler.objects.accessors import Manifest, finalizers_of, is_deleting, uid_of
from reconciler.objects.names import FINALIZER
from reconciler.projection.late_creations import creation_named_by, note_late_creation
from reconciler.status.snapshot import Key, Snapshot

log = logging.getLogger("slipway.reconciler")

INTERNAL_ERROR = "Slipway failed to reconcile this instance and will retry. The reconciler's log says why."


class InstanceController:
    """``work`` may run many times at once: the queue never hands one key to two of them."""

    def __init__(self, context: ClusterContext) -> None:
        self._context, self._queue = context, context.queue

    async def work(self) -> None:
        """Until cancelled."""
        while True:
            key = await self._queue.get()
            try:
                await self._reconcile(key)
            finally:
                self._queue.done(key)

    async def _reconcile(self, key: Key) -> None:
        if self._context.instances.postpone(key):
            return
        compiled, instance = self._context.contracts.get(key.group_kind), self._context.instances.get(key)
        if compiled is None or instance is None or self._is_foreign(key, instance):
            self._queue.discard(key)
            return
        try:
            if await self._undo_late_creation(key, instance):
                self._queue.forget(key)
                return
        except KubeError as error:
            wait = self._queue.add_rate_limited(key)
            log.warning("%s: %s; again in %.1f s.", key.display_name, error, wait)
            return
        reconciler = self._reconciler_for(key, compiled, instance)
        try:
            result = await reconciler.run()
        except Unreachable:
            self._queue.add_rate_limited(key)  # the destination's row says so; this one stays as it is
        except (NotSynced, KubeError) as error:
            wait = self._queue.add_rate_limited(key, getattr(error, "retry_after", None) or 0.0)
            log.warning("%s: %s; again in %.1f s.", key.display_name, error, wait)
            await self._report_failure(reconciler, error)
        except Exception:
            wait = self._queue.add_rate_limited(key)
            log.exception("Reconciling %s failed; again in %.1f s.", key.display_name, wait)
            self._save(reconciler.failure_snapshot(INTERNAL_ERROR))
        else:
            await self._context.pods_and_events.follow(result.members)
            self._accept(key, result)

    def _is_foreign(self, key: Key, instance: Manifest) -> bool:
        """Whether it is an object of a definition that another tool put in place of the contract's own."""
        if key.group_kind not in self._context.foreign_kinds:
            return False
        return FINALIZER not in finalizers_of(instance) and not self._context.reconcile_cache.knows(
            uid_of(instance)
        )

    async def _undo_late_creation(self, key: Key, instance: Manifest) -> bool:
        """Delete an object that no change wants any more, before anything is applied for it."""
        context, uid = self._context, uid_of(instance)
        token = "" if context.reconcile_cache.knows(uid) else creation_named_by(instance)
        if not token or not await context.database.call(note_late_creation, token, uid):
            return False
        log.warning("%s was created by a request that arrived late; it is deleted.", key.display_name)
        resource = await context.client.kinds.find(instance["apiVersion"], instance["kind"])
        await context.client.delete(resource, key.namespace, key.name, uid=uid)
        return True

    def _reconciler_for(self, key: Key, compiled: CompiledContract, instance: Manifest) -> InstanceReconciler:
        if is_deleting(instance):
            return FinalizeReconciler(self._context, compiled, key, instance)
        if key.group_kind in self._context.foreign_kinds:
            return ForeignKindReconciler(self._context, compiled, key, instance)
        if compiled.definition is None or must_not_apply(instance):
            return StatusOnlyReconciler(self._context, compiled, key, instance)
        return ApplyReconciler(self._context, compiled, key, instance)

    async def _report_failure(self, reconciler: InstanceReconciler, error: NotSynced | KubeError) -> None:
        missing_right = getattr(error, "missing_right", "")
        if not missing_right:
            self._save(reconciler.failure_snapshot(f"The cluster did not permit the next step: {error}"))
            return
        snapshot = await reconciler.missing_right_snapshot(missing_right)
        if self._save(snapshot):
            self._context.instances.store_write(snapshot.key, snapshot.instance)

    def _accept(self, key: Key, result: Result) -> None:
        self._context.external_refs.follow(key, result.external_refs)
        if not self._save(result.snapshot):
            self._queue.forget(key)
            return
        self._context.instances.store_write(key, result.snapshot.instance)
        if result.failed:
            self._queue.add_rate_limited(key, result.at_least)
            return
        self._queue.forget(key)
        if result.requeue_after is not None:
            self._queue.add_after(key, result.requeue_after)

    def _save(self, snapshot: Snapshot) -> bool:
        """Remember the assessment and hand the snapshot to the projection.

        False when the object was deleted meanwhile, which the watch has reported.
        """
        current = self._context.instances.get(snapshot.key)
        if current is None or uid_of(current) != uid_of(snapshot.instance):
            return False
        self._context.reconcile_cache.save(uid_of(current), snapshot.assessment)
        self._context.projection.put(snapshot)
        return True
