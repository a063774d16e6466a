"""The published contracts made real: compiled, their kinds served by the cluster, their instances watched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from portal.live.subscriptions import notify, subscribe, unsubscribe
from reconciler.base import signals
from reconciler.base.db_thread import DatabaseThread
from reconciler.cache.informers import SharedInformers, WatchKey
from reconciler.cache.instances import InstanceCache
from reconciler.kinds import cluster_schemas, compiled
from reconciler.kinds.compiled import CompiledContract, PublishedRevision
from reconciler.kinds.crd import CRD_RESOURCE, CrdStatus, ensure_crd
from reconciler.kube import Client, Informer, KubeError
from reconciler.kube.informer import Event
from reconciler.objects.accessors import Manifest
from reconciler.objects.health import health_of
from reconciler.projection.writer import ProjectionWriter
from reconciler.status.snapshot import Key

log = logging.getLogger("slipway.engine")

# The API server publishes the OpenAPI document of a new kind some time after the kind is established, and no
# event announces it. Only checks of contracts read these schemas; no change waits for them.
SCHEMAS_SETTLE = 2.0  # seconds
WHILE_AWAY = 5.0  # seconds between two attempts to read schemas

OnInstance = Callable[[str, Event, Manifest], None]  # Kind.group, what happened, the object


class ContractController:
    """``contracts``: those that ``run`` has compiled so far. ``on_due`` gets instances whose contract
    changed.
    """

    def __init__(
        self,
        client: Client,
        database: DatabaseThread,
        destination: int,
        informers: SharedInformers,
        instances: InstanceCache,
        projection: ProjectionWriter,
        on_instance: OnInstance,
        on_due: Callable[[Key], None],
    ) -> None:
        self._client, self._database, self._destination = client, database, destination
        self._informers, self._instances, self._projection = informers, instances, projection
        self._on_instance, self._on_due = on_instance, on_due
        self.contracts: dict[str, CompiledContract] = {}  # Kind.group →
        self._crd_statuses: dict[int, CrdStatus] = {}  # what was last written of each contract's kind
        self._definitions: Informer | None = None
        self._contracts_changed = subscribe("contracts")
        self._new_kinds = asyncio.Event()

    def close(self) -> None:
        unsubscribe(self._contracts_changed)

    async def run(self) -> None:
        """Until cancelled."""
        definitions = await self._watch_definitions()
        while True:
            for published in await self._database.call(compiled.published_contracts):
                try:
                    await self._reconcile_contract(published, definitions)
                except KubeError as error:
                    log.warning("contract %s: %s", published.name, error)
            await signals.wait_or_poll(self._contracts_changed, signals.POLL_PERIOD)

    # -- kinds ------------------------------------------------------------------------------------------

    async def _watch_definitions(self) -> Informer:
        """Watch the cluster's definitions: a kind that is added, edited or deleted is reconciled again."""
        if self._definitions is None:
            informer = Informer(self._client, CRD_RESOURCE, on_change=self._on_definition)
            self._definitions = self._informers.start(WatchKey(CRD_RESOURCE.group_kind, "", "", ""), informer)
        await self._definitions.synced.wait()
        return self._definitions

    def _on_definition(self, event: Event, obj: Manifest, old: Manifest | None) -> None:
        self._client.kinds.forget()
        self._contracts_changed.set()
        self._new_kinds.set()
        self._informers.nudge()  # one of them may watch this kind
        notify("changes")  # one of them may wait for this kind

    async def _reconcile_contract(self, published: PublishedRevision, definitions: Informer) -> None:
        known = self.contracts.get(published.group_kind)
        is_new = known is None or known.published.digest != published.digest
        if known is None or is_new:
            contract = await self._database.call(compiled.compile_contract, published)
        else:
            contract = CompiledContract(published, known.definition, known.problem)
        live = definitions.get("", published.crd_name)
        served = live is not None and health_of(live).state == "ready"
        if contract.definition is not None:
            if live is None and published.withdrawn:
                return
            crd_status = await ensure_crd(self._client, contract.definition, live)
            served = crd_status.served
            await self._save_status(published, crd_status)
        self.contracts[published.group_kind] = contract
        if served:
            self._watch_instances(published)
        if is_new:
            for key in self._instances.of_kind(published.group_kind):
                self._on_due(key)

    async def _save_status(self, published: PublishedRevision, crd_status: CrdStatus) -> None:
        """What became of the kind, on the contract's row; written only when it is news."""
        if self._crd_statuses.get(published.contract) != crd_status:
            arguments = (published.contract, crd_status.status, crd_status.reason, crd_status.message)
            await self._database.call(compiled.save_condition, *arguments)
            self._crd_statuses[published.contract] = crd_status

    # -- instances --------------------------------------------------------------------------------------

    def _watch_instances(self, published: PublishedRevision) -> None:
        group_kind = published.group_kind
        if group_kind in self._instances.informers:
            return
        informer = Informer(
            self._client,
            published.resource,
            on_change=lambda event, obj, _: self._on_instance(group_kind, event, obj),
            on_sync=lambda: self._on_listed(group_kind),
        )
        watch_key = WatchKey(group_kind, "", "", "instances")
        self._instances.informers[group_kind] = self._informers.start(watch_key, informer)

    def _on_listed(self, group_kind: str) -> None:
        self._client.kinds.forget()  # the kind is served, even if discovery did not list it yet
        notify("changes")
        contract = self.contracts[group_kind].published.contract
        self._projection.listed(contract, lambda: self._instances.uids_of_kind(group_kind))

    # -- the cluster's own kinds ------------------------------------------------------------------------

    async def run_schemas(self) -> None:
        """Keep the rows of the cluster's own kinds true; definitions come in crowds, so wait a little."""
        while True:
            await self._new_kinds.wait()
            await asyncio.sleep(SCHEMAS_SETTLE)
            self._new_kinds.clear()
            known = await self._database.call(cluster_schemas.known_hashes, self._destination)
            own = {contract.published.group_kind for contract in self.contracts.values()}
            try:
                projection, desired = await cluster_schemas.changed(self._client, known, own)
            except KubeError:
                self._new_kinds.set()  # the cluster is away: look again when it answers
                await asyncio.sleep(WHILE_AWAY)
                continue
            await self._database.call(cluster_schemas.save_schemas, self._destination, projection, desired)
