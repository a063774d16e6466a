"""What belongs to one cluster while it is reconciled: its client, caches, work queue and projection."""

from __future__ import annotations

from reconciler.base.db_thread import DatabaseThread
from reconciler.base.retries import Retries
from reconciler.base.workqueue import WorkQueue
from reconciler.cache.contracts import CompiledContract
from reconciler.cache.external_refs import ExternalRefIndex
from reconciler.cache.host_index import HostIndex
from reconciler.cache.informers import SharedInformers, WatchKey
from reconciler.cache.instances import InstanceCache
from reconciler.cache.pods_and_events import PodAndEventWatcher
from reconciler.cache.reconcile_cache import ReconcileCache
from reconciler.kube import Client
from reconciler.kube.informer import Event
from reconciler.objects.accessors import Identity, Manifest, reference_to, uid_of
from reconciler.plan.finished import has_finished
from reconciler.projection.writer import ProjectionWriter
from reconciler.status.snapshot import EventRecord, Key


class ClusterContext:
    """What the controllers of one cluster share. Its handlers map watch events to the instances to reconcile.

    A process may have several, one per cluster. ``contracts``: ``Kind.group`` → the compiled contract.
    ``foreign_kinds``: those of them whose definition in the cluster has another owner → a message that names
    the owner. ``teams``: namespace → the slug of the team that owns it.
    """

    def __init__(self, client: Client, database: DatabaseThread, destination: int) -> None:
        self.client, self.database, self.destination = client, database, destination
        self.queue: WorkQueue[Key] = WorkQueue()
        self.contracts: dict[str, CompiledContract] = {}
        self.foreign_kinds: dict[str, str] = {}
        self.teams: dict[str, str] = {}
        self.reconcile_cache = ReconcileCache()
        self.hosts = HostIndex()
        self.change_retries: Retries[int] = Retries()  # by the key of the change
        self.projection = ProjectionWriter(database, destination)
        self.instances = InstanceCache()
        self.informers = SharedInformers(client, self.on_child, self.on_external)
        self.external_refs = ExternalRefIndex(self.informers)
        self.pods_and_events = PodAndEventWatcher(
            client, self.informers, self.on_dependent_changed, self.on_event_record
        )

    def on_instance(self, group_kind: str, event: Event, obj: Manifest) -> None:
        key = self.instances.handle(group_kind, event, obj)
        if event == "deleted":
            self.external_refs.follow(key, set())
            self.reconcile_cache.forget_instance(uid_of(obj))
            contract = self.contracts[group_kind].published.contract
            lost = self.instances.is_later(group_kind, obj)
            self.projection.deleted(contract, key, uid_of(obj), lost=lost)
        self.queue.add(key)

    def on_child(self, instance_uid: str, event: Event, obj: Manifest, old: Manifest | None) -> None:
        self.on_dependent_changed(instance_uid)
        self.follow_hosts(instance_uid, obj, deleted=event == "deleted")
        if event == "deleted":
            self.reconcile_cache.forget_child(uid_of(obj))
            if has_finished(obj):
                self.reconcile_cache.finished(instance_uid, reference_to(obj).identity, obj)
            else:
                self.reconcile_cache.losses.deleted(instance_uid, reference_to(obj).identity)

    def follow_hosts(self, instance_uid: str, obj: Manifest, *, deleted: bool = False) -> None:
        """An object of the instance was observed or written. Wakes instances that claim the same hosts."""
        for uid in self.hosts.follow(instance_uid, obj, deleted=deleted):
            self.on_dependent_changed(uid)

    def host_conflict(self, instance_uid: str, identity: Identity) -> str:
        """Which hosts of an object another instance claimed earlier, as sentences; empty without any."""
        own = self.instances.key_of_uid(instance_uid)
        found = []
        for host, other in self.hosts.earlier(identity):
            key = self.instances.key_of_uid(other.instance)
            if own is not None and key is not None:
                found.append(self._host_message(host, own, key))
        return " ".join(dict.fromkeys(found))

    def _host_message(self, host: str, own: Key, other: Key) -> str:
        """Other teams' names are not revealed."""
        team = self.teams.get(own.namespace)
        is_visible = own.namespace == other.namespace or (team and self.teams.get(other.namespace) == team)
        who = f"the instance {other.display_name}" if is_visible else "another team's instance"
        return f"The host {host} was claimed earlier by {who}. Choose another host."

    def on_external(self, watch_key: WatchKey) -> None:
        for key in self.external_refs.dependents_of(watch_key):
            self.queue.add(key)

    def on_dependent_changed(self, instance_uid: str) -> None:
        """A resource of the instance, or a pod of one, changed."""
        key = self.instances.key_of_uid(instance_uid)
        if key is not None:
            self.queue.add(key)

    def on_event_record(self, instance_uid: str, record: EventRecord) -> None:
        """The cluster recorded an event of a resource of the instance."""
        key = self.instances.key_of_uid(instance_uid)
        contract = self.contracts.get(key.group_kind) if key is not None else None
        if contract is not None and record.node not in contract.unnamed:
            self.projection.record(instance_uid, record)
