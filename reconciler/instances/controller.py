"""Take keys that are due, run a pass of each, and take over what it says."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from reconciler.base.workqueue import Queue
from reconciler.cache.external_refs import Externals
from reconciler.cache.informers import NotSynced, Watches
from reconciler.cache.instances import Instances
from reconciler.cache.pods_and_events import Companions
from reconciler.instances.apply import Memory, Upkeep
from reconciler.instances.finalize import Removal
from reconciler.instances.reconciler import Pass, Result, Standstill, must_stand_still
from reconciler.kinds.compiled import Offer
from reconciler.kube import Client, KubeError, Unreachable
from reconciler.objects.reading import Manifest, is_deleting, uid_of
from reconciler.projection.writer import Rows
from reconciler.status.snapshot import Key, Snapshot

log = logging.getLogger("slipway.engine")


class Workers:
    """``work`` may run many times at once: the queue never gives one key to two of them."""

    def __init__(
        self,
        client: Client,
        queue: Queue[Key],
        offers: Mapping[str, Offer],
        watches: Watches,
        instances: Instances,
        externals: Externals,
        companions: Companions,
        memory: Memory,
        rows: Rows,
    ) -> None:
        self._client, self._queue, self._offers = client, queue, offers
        self._watches, self._instances, self._externals = watches, instances, externals
        self._companions, self._memory, self._rows = companions, memory, rows

    async def work(self) -> None:
        """Until cancelled."""
        while True:
            key = await self._queue.take()
            try:
                await self._attend(key)
            finally:
                self._queue.done(key)

    async def _attend(self, key: Key) -> None:
        offer, instance = self._offers.get(key.group_kind), self._instances.get(key)
        if offer is None or instance is None:
            self._queue.forget(key)
            return
        work = self._pass_for(key, offer, instance)
        try:
            result = await work.run()
        except Unreachable:
            self._queue.add_failed(key)  # the destination says so; the rows stay as they are
        except (NotSynced, KubeError) as error:
            at_least = getattr(error, "retry_after", None) or 0.0
            wait = self._queue.add_failed(key, at_least)
            log.warning("%s: %s; again in %.1f s.", key.words, error, wait)
            self._hand_over(work.trouble(f"The cluster does not let Slipway go on: {error}"))
        except Exception:
            wait = self._queue.add_failed(key)
            log.exception("A pass of %s failed; again in %.1f s.", key.words, wait)
            text = "Slipway itself failed at this instance and will try again. Its log says more."
            self._hand_over(work.trouble(text))
        else:
            await self._companions.follow(result.members)
            self._take_over(key, result)

    def _pass_for(self, key: Key, offer: Offer, instance: Manifest) -> Pass:
        if is_deleting(instance):
            return Removal(self._client, self._watches, offer, key, instance)
        if offer.definition is None or must_stand_still(instance):
            return Standstill(self._client, offer, key, instance)
        return Upkeep(
            self._client, self._watches, self._memory, offer, offer.definition, key, instance,
            self._companions.deeper, self._offers,
        )  # fmt: skip

    def _take_over(self, key: Key, result: Result) -> None:
        self._externals.follow(key, result.externals)
        if not self._hand_over(result.snapshot):
            self._queue.succeeded(key)
            return
        self._instances.learn(key, result.snapshot.instance)
        if result.failed:
            self._queue.add_failed(key, result.at_least)
            return
        self._queue.succeeded(key)
        if result.again_after is not None:
            self._queue.add_after(key, result.again_after)

    def _hand_over(self, snapshot: Snapshot) -> bool:
        """To the rows, with the next batch. False when the object went meanwhile: the watch has told so."""
        current = self._instances.get(snapshot.key)
        if current is None or uid_of(current) != uid_of(snapshot.instance):
            return False
        self._rows.put(snapshot)
        return True
