"""Compiles the published contracts, makes the cluster serve their kinds, and watches their instances."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from portal.live.subscriptions import notify, subscribe, unsubscribe
from reconciler.base import signals
from reconciler.cache.contracts import PublishedRevision
from reconciler.cache.informers import WatchKey
from reconciler.context import ClusterContext
from reconciler.kinds import cluster_schemas, compiled
from reconciler.kinds.crd import CRD_RESOURCE, OWNER_CONFLICT, CrdStatus, ensure_crd, owner_conflict, serves
from reconciler.kinds.crd_repairs import CrdRepairs
from reconciler.kube import EventHandler, Informer, KubeError
from reconciler.kube.informer import Event
from reconciler.objects.accessors import Manifest, is_deleting, name_of, uid_of
from reconciler.projection.instances import ListResult

log = logging.getLogger("slipway.reconciler")

SCHEMAS_SETTLE, SCHEMAS_RETRY_PERIOD = 2.0, 5.0  # seconds


class ContractController:
    """Compiles the published contracts into ``context.contracts``, serves their kinds, watches their
    instances.
    """

    def __init__(self, context: ClusterContext) -> None:
        self._context, self._client = context, context.client
        self._crd_statuses: dict[int, CrdStatus] = {}  # contract → what was last saved of its kind
        self._repairs = CrdRepairs()
        self._deleted: dict[str, int] = {}  # name of a definition that was deleted → instances that it had
        self._definitions: Informer | None = None
        self._contracts_changed = subscribe("contracts", "teams")
        self._new_kinds = asyncio.Event()

    def close(self) -> None:
        unsubscribe(self._contracts_changed)

    async def run(self) -> None:
        """Until cancelled."""
        definitions = await self._watch_definitions()
        while True:
            await self._load_teams()
            for published in await self._context.database.call(compiled.published_contracts):
                try:
                    await self._reconcile_contract(published, definitions)
                except KubeError as error:
                    log.warning("Contract %s: %s", published.name, error)
            await signals.wait_or_poll(self._contracts_changed, signals.POLL_PERIOD)

    async def _load_teams(self) -> None:
        """Before any contract is known: without teams, an instance may only touch its own namespace."""
        teams = await self._context.database.call(compiled.teams_of_namespaces)
        if teams != self._context.teams:
            self._context.teams = teams
            for key in self._context.instances.all_keys():
                self._context.queue.add(key)

    # -- kinds ------------------------------------------------------------------------------------------

    async def _watch_definitions(self) -> Informer:
        """Watch the cluster's definitions: a kind that is added, edited or deleted is reconciled again."""
        if self._definitions is None:
            informer = Informer(self._client, CRD_RESOURCE, EventHandler(self._on_definition))
            watch_key = WatchKey(CRD_RESOURCE.group_kind, "", "", "")
            self._definitions = self._context.informers.start(watch_key, informer)
        await self._definitions.synced.wait()
        return self._definitions

    def _on_definition(self, event: Event, obj: Manifest, old: Manifest | None) -> None:
        self._client.kinds.forget()
        for compiled_contract in self._context.contracts.values():
            if compiled_contract.published.crd_name == name_of(obj):
                self._note_owner(compiled_contract.published, None if event == "deleted" else obj)
        self._contracts_changed.set()
        self._new_kinds.set()
        self._context.informers.nudge()  # one of them may watch this kind
        self._retry_changes()

    def _retry_changes(self) -> None:
        """Changes may wait for this kind, or for a field of it."""
        self._context.change_retries.forget_all()
        notify("changes")

    async def _reconcile_contract(self, published: PublishedRevision, definitions: Informer) -> None:
        known = self._context.contracts.get(published.group_kind)
        is_new = known is None or (known.published.digest, known.published.granted) != (
            published.digest,
            published.granted,
        )
        if known is None or is_new:
            contract = await self._context.database.call(compiled.compile_contract, published)
        else:
            contract = replace(known, published=published)
        live = definitions.get("", published.crd_name)
        served = live is not None and serves(live, published.version)
        self._note_owner(published, live)
        if contract.definition is not None:
            if live is None and published.withdrawn:
                return
            self._note_deletion(published, live)
            crd_status = await ensure_crd(self._client, contract.definition, live, self._repairs)
            served = crd_status.served or (served and crd_status.reason == OWNER_CONFLICT)
            await self._save_status(published, crd_status)
            await self._record_recreation(published, crd_status)
        self._context.contracts[published.group_kind] = contract
        if served:
            self._watch_instances(published)
        if is_new:
            for key in self._context.instances.of_kind(published.group_kind):
                self._context.queue.add(key)

    def _note_owner(self, published: PublishedRevision, live: Manifest | None) -> None:
        """Note whether the definition has another owner: then its objects are no instances.

        They are watched nevertheless, for the instances that were created before it was replaced.
        """
        group_kind, foreign = published.group_kind, self._context.foreign_kinds
        message = owner_conflict(live, published.name) if live is not None else ""
        if foreign.get(group_kind, "") == message:
            return
        if message:
            foreign[group_kind] = message
        else:
            del foreign[group_kind]
        for key in self._context.instances.of_kind(group_kind):
            self._context.queue.add(key)

    def _note_deletion(self, published: PublishedRevision, live: Manifest | None) -> None:
        """Note that the definition was deleted in the cluster, which deletes its instances with it."""
        known = self._crd_statuses.get(published.contract)
        if known is not None and known.served and (live is None or is_deleting(live)):
            instances = len(self._context.instances.of_kind(published.group_kind))
            self._deleted[published.crd_name] = instances

    async def _record_recreation(self, published: PublishedRevision, crd_status: CrdStatus) -> None:
        if published.crd_name in self._deleted and crd_status.served:
            instances = self._deleted.pop(published.crd_name)
            log.warning(
                "%s was deleted in the cluster, and %d instances with it; it was created again.",
                published.crd_name,
                instances,
            )
            await self._context.database.call(compiled.record_recreation, published.contract, instances)

    async def _save_status(self, published: PublishedRevision, crd_status: CrdStatus) -> None:
        """Save on the contract's row whether its kind is served, if that changed."""
        if self._crd_statuses.get(published.contract) != crd_status:
            arguments = (published.contract, crd_status.status, crd_status.reason, crd_status.message)
            await self._context.database.call(compiled.save_condition, *arguments)
            self._crd_statuses[published.contract] = crd_status

    # -- instances --------------------------------------------------------------------------------------

    def _watch_instances(self, published: PublishedRevision) -> None:
        group_kind = published.group_kind
        if group_kind in self._context.instances.informers:
            return
        handler = EventHandler(
            on_change=lambda event, obj, _: self._context.on_instance(group_kind, event, obj),
            on_sync=lambda: self._on_listed(group_kind),
        )
        informer = Informer(self._client, published.resource, handler)
        watch_key = WatchKey(group_kind, "", "", "instances")
        self._context.instances.informers[group_kind] = self._context.informers.start(watch_key, informer)

    def _on_listed(self, group_kind: str) -> None:
        self._client.kinds.forget()  # the kind is served, even if discovery did not list it yet
        self._retry_changes()
        for key in self._context.instances.take_postponed(group_kind):
            self._context.queue.add(key)
        contract = self._context.contracts[group_kind].published.contract
        self._context.projection.listed(
            contract,
            lambda: self._context.instances.listing(group_kind),
            lambda result: self._on_rows_compared(group_kind, result),
        )

    def _on_rows_compared(self, group_kind: str, result: ListResult) -> None:
        """Reconcile again what is older than its row was, and what is not being deleted any more."""
        cache = self._context.reconcile_cache
        for key, obj in self._context.instances.of_kind(group_kind).items():
            uid = uid_of(obj)
            undone = uid not in result.deletions and cache.withdraw_deletion(uid)
            if undone or uid in result.returned:
                self._context.queue.add(key)

    # -- the cluster's own kinds ------------------------------------------------------------------------

    async def run_schemas(self) -> None:
        """Keep the rows of the cluster's own kinds up to date. Until cancelled.

        The API server lists a kind, and publishes its OpenAPI document, some time after the definition is
        established, and no event announces it. So both are read when a definition changes, again every
        ``SCHEMAS_SETTLE`` until all kinds are listed, and once more.
        """
        while True:
            await self._new_kinds.wait()
            again = True
            while again:
                self._new_kinds.clear()
                complete = await self._save_schemas()
                again = await signals.wait_or_poll(self._new_kinds, SCHEMAS_SETTLE) or not complete
            if not await self._save_schemas():
                self._new_kinds.set()

    async def _save_schemas(self) -> bool:
        """Returns False when the cluster does not list all its kinds yet, or did not answer."""
        database, destination = self._context.database, self._context.destination
        definitions = self._definitions.all() if self._definitions is not None else []
        known = await database.call(cluster_schemas.known_schemas, destination)
        own = {published.group_kind for published in await database.call(compiled.published_contracts)}
        try:
            found = await cluster_schemas.changed_schemas(self._client, known, own, definitions)
        except KubeError:
            await asyncio.sleep(SCHEMAS_RETRY_PERIOD)
            return False
        await database.call(cluster_schemas.save_schemas, destination, found.rows, found.served)
        return found.complete
