"""Brings what people asked for to the cluster, as soon as it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from catalog.models.change import ChangeState
from reconciler.base.db_thread import Database
from reconciler.base.signals import hear, listen, stop_listening
from reconciler.cache.instances import Instances
from reconciler.changes.deliver import deliver
from reconciler.changes.outbox import Delivery, Wish, open_wishes, save_deliveries
from reconciler.kube import Client
from reconciler.status.snapshot import Key

WISHES_AT_ONCE = 32


class Courier:
    """``on_delivered`` hears of every instance that a delivery made or changed."""

    def __init__(
        self,
        client: Client,
        database: Database,
        destination: int,
        instances: Instances,
        on_delivered: Callable[[Key], None],
    ) -> None:
        self._client, self._database, self._destination = client, database, destination
        self._instances, self._on_delivered = instances, on_delivered

    async def run(self) -> None:
        """Until cancelled."""
        news = listen("changes")
        try:
            while True:
                wishes = await self._database.call(open_wishes, self._destination)
                starts = range(0, len(wishes), WISHES_AT_ONCE)
                if any([await self._deliver(wishes[at : at + WISHES_AT_ONCE]) for at in starts]):
                    continue  # the next change of the same instance may be due
                await hear(news)
        finally:
            stop_listening(news)

    async def _deliver(self, wishes: list[Wish]) -> bool:
        """Ask for all at once, write the answers together. True when at least one was decided."""
        answers = await asyncio.gather(*(self._deliver_one(wish) for wish in wishes))
        await self._database.call(save_deliveries, list(zip(wishes, answers, strict=True)))
        return any(answer.state != ChangeState.APPROVED for answer in answers)

    async def _deliver_one(self, wish: Wish) -> Delivery:
        key = Key(wish.group_kind, wish.namespace, wish.name)
        answer = await deliver(self._client, wish, self._instances.generations(key))
        if answer.live is not None and key.group_kind in self._instances.informers:
            self._instances.learn(key, answer.live)
            self._on_delivered(key)
        return answer
