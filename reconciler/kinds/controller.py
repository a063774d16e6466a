"""The published contracts made real: compiled, their kinds served by the cluster, their instances watched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from reconciler.base.db_thread import Database
from reconciler.base.signals import hear, listen, stop_listening
from reconciler.cache.informers import Watched, Watches
from reconciler.cache.instances import Instances
from reconciler.kinds import cluster_schemas, compiled
from reconciler.kinds.compiled import Offer, Published
from reconciler.kinds.crd import CRD, Verdict, ensure_kind
from reconciler.kube import Client, Informer, KubeError, NotServed
from reconciler.kube.informer import Event
from reconciler.objects.reading import Manifest, uid_of
from reconciler.projection.writer import Rows
from reconciler.status.snapshot import Key

log = logging.getLogger("slipway.engine")

SCHEMAS_SETTLE = 2.0
WHILE_AWAY = 5.0  # seconds between two tries to read schemas

OnInstance = Callable[[str, Event, Manifest], None]  # Kind.group, what happened, the object


class Offering:
    """``offers``: what ``keep`` has seen so far. ``on_due`` gets instances whose contract is another now."""

    def __init__(
        self,
        client: Client,
        database: Database,
        destination: int,
        watches: Watches,
        instances: Instances,
        rows: Rows,
        on_instance: OnInstance,
        on_due: Callable[[Key], None],
    ) -> None:
        self._client, self._database, self._destination = client, database, destination
        self._watches, self._instances, self._rows = watches, instances, rows
        self._on_instance, self._on_due = on_instance, on_due
        self.offers: dict[str, Offer] = {}  # Kind.group →
        self._verdicts: dict[int, Verdict] = {}  # what was last written of each contract's kind
        self._definitions: Informer | None = None
        self._wanted = listen("contracts")
        self._new_kinds = asyncio.Event()

    def close(self) -> None:
        stop_listening(self._wanted)

    async def keep(self) -> None:
        """Until cancelled."""
        definitions = await self._watch_definitions()
        while True:
            for published in await self._database.call(compiled.published_contracts):
                try:
                    await self._keep_offer(published, definitions)
                except KubeError as error:
                    log.warning("contract %s: %s", published.name, error)
            await hear(self._wanted)

    # -- kinds ------------------------------------------------------------------------------------------

    async def _watch_definitions(self) -> Informer:
        """One watch on the cluster's definitions: a kind that appears, vanishes or is edited is looked at."""
        if self._definitions is None:
            resource = await patiently(lambda: self._client.kinds.find(*CRD))
            informer = Informer(self._client, resource, on_change=self._on_definition)
            self._definitions = self._watches.start(Watched(resource.group_kind, "", "", ""), informer)
        await self._definitions.synced.wait()
        return self._definitions

    def _on_definition(self, event: Event, obj: Manifest, old: Manifest | None) -> None:
        self._client.kinds.forget()
        self._wanted.set()
        self._new_kinds.set()
        self._watches.nudge()  # the kind of one of them may be the one that came

    async def _keep_offer(self, published: Published, definitions: Informer) -> None:
        known = self.offers.get(published.group_kind)
        is_new = known is None or known.published.digest != published.digest
        if known is None or is_new:
            offer = await self._database.call(compiled.compile_offer, published)
        else:
            offer = Offer(published, known.definition, known.problem)
        served = True
        if offer.definition is not None:
            live = definitions.get("", offer.definition.crd_name)
            if live is None and published.withdrawn:
                return
            verdict = await ensure_kind(self._client, offer.definition, live)
            served = verdict.served
            await self._tell(published, verdict)
        self.offers[published.group_kind] = offer
        if served:
            await self._watch_instances(published)
        if is_new:
            for key in self._instances.of_kind(published.group_kind):
                self._on_due(key)

    async def _tell(self, published: Published, verdict: Verdict) -> None:
        """What became of the kind, on the contract's row; written only when it is news."""
        if self._verdicts.get(published.contract) != verdict:
            arguments = (published.contract, verdict.status, verdict.reason, verdict.message)
            await self._database.call(compiled.save_condition, *arguments)
            self._verdicts[published.contract] = verdict

    # -- instances --------------------------------------------------------------------------------------

    async def _watch_instances(self, published: Published) -> None:
        group_kind = published.group_kind
        if group_kind in self._instances.informers:
            return
        try:
            resource = await self._client.kinds.find(published.api_version, published.kind)
        except NotServed:
            asyncio.get_running_loop().call_later(0.2, self._wanted.set)
            return
        informer = Informer(
            self._client,
            resource,
            on_change=lambda event, obj, _: self._on_instance(group_kind, event, obj),
            on_sync=lambda: self._on_listed(group_kind),
        )
        watched = Watched(group_kind, "", "", "instances")
        self._instances.informers[group_kind] = self._watches.start(watched, informer)

    def _on_listed(self, group_kind: str) -> None:
        uids = {uid_of(obj) for obj in self._instances.of_kind(group_kind).values()}
        self._rows.listed(self.offers[group_kind].published.contract, uids)

    # -- the cluster's own kinds ------------------------------------------------------------------------

    async def keep_schemas(self) -> None:
        """Keep the rows of the cluster's own kinds true; definitions come in crowds, so wait a little."""
        while True:
            await self._new_kinds.wait()
            await asyncio.sleep(SCHEMAS_SETTLE)
            self._new_kinds.clear()
            known = await self._database.call(cluster_schemas.known_hashes, self._destination)
            own = {offer.published.group_kind for offer in self.offers.values()}
            try:
                rows, wanted = await cluster_schemas.changed(self._client, known, own)
            except KubeError:
                self._new_kinds.set()  # the cluster is away: look again when it answers
                await asyncio.sleep(WHILE_AWAY)
                continue
            await self._database.call(cluster_schemas.save_schemas, self._destination, rows, wanted)


async def patiently(ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Ask until the cluster answers."""
    while True:
        try:
            return await ask()
        except KubeError:
            await asyncio.sleep(0.5)
