"""Take keys that are due, run a pass of each, and take over what it says."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from reconciler.base.workqueue import WorkQueue
from reconciler.cache.external_refs import ExternalRefIndex
from reconciler.cache.informers import NotSynced, SharedInformers
from reconciler.cache.instances import InstanceCache
from reconciler.cache.pods_and_events import PodAndEventWatcher
from reconciler.instances.apply import ApplyReconciler, ReconcileCache
from reconciler.instances.finalize import FinalizeReconciler
from reconciler.instances.reconciler import InstanceReconciler, Result, SuspendedReconciler, must_stand_still
from reconciler.kinds.compiled import CompiledContract
from reconciler.kube import Client, KubeError, Unreachable
from reconciler.objects.accessors import Manifest, is_deleting, uid_of
from reconciler.projection.writer import ProjectionWriter
from reconciler.status.snapshot import Key, Snapshot

log = logging.getLogger("slipway.engine")


class InstanceController:
    """``work`` may run many times at once: the queue never gives one key to two of them."""

    def __init__(
        self,
        client: Client,
        queue: WorkQueue[Key],
        compiled_contracts: Mapping[str, CompiledContract],
        informers: SharedInformers,
        instances: InstanceCache,
        external_refs: ExternalRefIndex,
        pods_and_events: PodAndEventWatcher,
        memory: ReconcileCache,
        projection: ProjectionWriter,
    ) -> None:
        self._client, self._queue, self._offers = client, queue, compiled_contracts
        self._informers, self._instances, self._external_refs = informers, instances, external_refs
        self._pods_and_events, self._memory, self._projection = pods_and_events, memory, projection

    async def work(self) -> None:
        """Until cancelled."""
        while True:
            key = await self._queue.get()
            try:
                await self._reconcile(key)
            finally:
                self._queue.done(key)

    async def _reconcile(self, key: Key) -> None:
        compiled, instance = self._offers.get(key.group_kind), self._instances.get(key)
        if compiled is None or instance is None:
            self._queue.discard(key)
            return
        work = self._pass_for(key, compiled, instance)
        try:
            result = await work.run()
        except Unreachable:
            self._queue.add_rate_limited(key)  # the destination says so; the rows stay as they are
        except (NotSynced, KubeError) as error:
            at_least = getattr(error, "retry_after", None) or 0.0
            wait = self._queue.add_rate_limited(key, at_least)
            log.warning("%s: %s; again in %.1f s.", key.display_name, error, wait)
            self._enqueue_projection(
                work.failure_snapshot(f"The cluster does not let Slipway go on: {error}")
            )
        except Exception:
            wait = self._queue.add_rate_limited(key)
            log.exception("A pass of %s failed; again in %.1f s.", key.display_name, wait)
            text = "Slipway itself failed at this instance and will try again. Its log says more."
            self._enqueue_projection(work.failure_snapshot(text))
        else:
            await self._pods_and_events.follow(result.members)
            self._take_over(key, result)

    def _pass_for(self, key: Key, compiled: CompiledContract, instance: Manifest) -> InstanceReconciler:
        if is_deleting(instance):
            return FinalizeReconciler(self._client, self._informers, compiled, key, instance)
        if compiled.definition is None or must_stand_still(instance):
            return SuspendedReconciler(self._client, compiled, key, instance)
        return ApplyReconciler(
            self._client, self._informers, self._memory, compiled, compiled.definition, key, instance,
            self._pods_and_events.pod_health, self._offers,
        )  # fmt: skip

    def _take_over(self, key: Key, result: Result) -> None:
        self._external_refs.follow(key, result.external_refs)
        if not self._enqueue_projection(result.snapshot):
            self._queue.forget(key)
            return
        self._instances.learn(key, result.snapshot.instance)
        if result.failed:
            self._queue.add_rate_limited(key, result.at_least)
            return
        self._queue.forget(key)
        if result.requeue_after is not None:
            self._queue.add_after(key, result.requeue_after)

    def _enqueue_projection(self, snapshot: Snapshot) -> bool:
        """To the rows, with the next batch. False when the object went meanwhile: the watch has told so."""
        current = self._instances.get(snapshot.key)
        if current is None or uid_of(current) != uid_of(snapshot.instance):
            return False
        self._projection.put(snapshot)
        return True
