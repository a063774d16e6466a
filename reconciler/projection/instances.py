"""Snapshots → rows. Only copies: the state and its reason are decided in ``reconciler.status.assess``.

A row never returns to an older version of its object.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Action, Change, DeletedInstance, Destination, Instance, State
from catalog.models.instance import owning_team
from contracts.grants import granted_keys
from contracts.models import Contract
from portal.accounts.namespace_owners import hold_namespace_owners
from portal.audit.record import record
from portal.live.publish import publish
from reconciler.objects.accessors import (
    Manifest,
    annotations_of,
    generation_of,
    is_deleting,
    is_newer,
    labels_of,
    metadata_of,
    uid_of,
    version_of,
)
from reconciler.projection.events import add_events, moment
from reconciler.projection.resources import project_resources
from reconciler.status.snapshot import EventRecord, Key, Listing, Snapshot

log = logging.getLogger("slipway.projection")

CLUSTER_RESTORED = "ClusterRestored"
RETURNED = "The cluster was restored to an earlier state of this instance."
CHANGES_UNDONE = "Changes that it accepted since are lost: request them again."
DELETION_UNDONE = "Its deletion is undone: request it again."
LOST = "The cluster was restored to an earlier state, in which this instance did not exist yet."

# Labels and annotations of Slipway and other tools, which users neither write nor edit.
HIDDEN = ("applyset.kubernetes.io/", "slipway.dev/", "kubectl.kubernetes.io/last-applied-configuration")
SHOWN = ("slipway.dev/reconcile",)


def project(destination: int, snapshots: Sequence[Snapshot]) -> None:
    """Write snapshots in one transaction; pages are notified when it is committed."""
    with transaction.atomic():
        hold_namespace_owners()
        for snapshot in snapshots:
            project_one(destination, snapshot)


def project_one(destination: int, snapshot: Snapshot) -> None:
    row = row_for(destination, snapshot)
    if row is None or shows_revoked_secrets(row, snapshot):
        return
    changed = copy_fields(row, snapshot)
    if snapshot.assessment.resources is not None:
        changed |= project_resources(row, snapshot.assessment.resources)
    changed |= add_events(row, snapshot.records)
    if changed:
        row.version += 1
        row.updated_at = timezone.now()
        row.save(update_fields=[*FIELDS, "state_since", "version", "updated_at"])
        publish_row(row)


def shows_revoked_secrets(row: Instance, snapshot: Snapshot) -> bool:
    """Whether a grant was revoked since the pass started, so that it may show a value of a Secret.

    The revocation wakes the instance. The row is locked, as by the revocation: one of both sees the other.
    """
    shown = snapshot.shown_secrets
    return bool(shown) and not shown <= granted_keys(row.contract.name, row.contract.owner)


def row_for(destination: int, snapshot: Snapshot) -> Instance | None:
    """The row of this object, created if necessary; None when the row is newer than the snapshot."""
    key, uid, version = snapshot.key, uid_of(snapshot.instance), version_of(snapshot.instance)
    row = find(destination, snapshot.contract, key)
    if row is not None and row.uid and row.uid != uid:
        if row.resource_version and is_newer(row.resource_version, version):
            return None
        remove(row)  # the object was recreated
        row = None
    if row is not None and row.resource_version and is_newer(row.resource_version, version):
        return None
    if row is not None:
        return row
    contract = Contract.objects.select_related("owner").get(pk=snapshot.contract)
    created = Instance.objects.create(
        destination_id=destination,
        contract=contract,
        namespace=key.namespace,
        name=key.name,
        team=owning_team(contract, key.namespace),
        created_at=moment(metadata_of(snapshot.instance).get("creationTimestamp")) or timezone.now(),
    )
    if DeletedInstance.objects.filter(destination_id=destination, contract=contract, uid=uid).exists():
        message = f"The cluster was restored to an earlier state. {DELETION_UNDONE}"
        uid_of_event = f"{uid}:{version}:{CLUSTER_RESTORED}"
        add_events(created, [EventRecord(CLUSTER_RESTORED, message, uid_of_event, warning=True)])
    return created


def find(destination: int, contract: int, key: Key) -> Instance | None:
    """The row, locked until the transaction ends: pages write to it too. Call it in a transaction."""
    rows = (
        Instance.objects.select_related("contract__owner")
        .select_for_update(of=("self",))
        .filter(destination_id=destination, contract_id=contract, namespace=key.namespace, name=key.name)
    )
    return rows.first()


STATE_FIELDS = ("state", "reason", "message", "reason_node")
FIELDS = (
    "revision_id",
    "uid",
    "resource_version",
    "generation",
    "observed_generation",
    "spec",
    "labels",
    "annotations",
    "status",
    "conditions",
    "nodes",
    *STATE_FIELDS,
    "was_ready",
    "suspended",
    "deletion_requested_at",
)


def copy_fields(row: Instance, snapshot: Snapshot) -> bool:
    """Copy the snapshot into the row; True when that changed it."""
    values = field_values(snapshot)
    if deletion_was_requested_since(row, snapshot):
        values = {name: value for name, value in values.items() if name not in STATE_FIELDS}
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if "state" in changed:
        row.state_since = timezone.now()
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def field_values(snapshot: Snapshot) -> dict[str, Any]:
    obj, assessment = snapshot.instance, snapshot.assessment
    values: dict[str, Any] = {
        "revision_id": snapshot.revision,
        "uid": uid_of(obj),
        "resource_version": version_of(obj),
        "generation": generation_of(obj),
        "observed_generation": assessment.generation,
        "spec": obj.get("spec") or {},
        "labels": visible(labels_of(obj)),
        "annotations": visible(annotations_of(obj)),
        "state": assessment.state,
        "reason": assessment.reason,
        "message": assessment.message,
        "reason_node": assessment.node[:100],
        "was_ready": assessment.was_ready,
        "suspended": assessment.is_suspended,
        "deletion_requested_at": moment(metadata_of(obj).get("deletionTimestamp")),
    }
    if assessment.nodes is not None:
        values["nodes"] = [node.as_dict() for node in assessment.nodes]
    if snapshot.written is not None:
        values["status"] = dict(snapshot.written.fields)
        values["conditions"] = [dict(condition) for condition in snapshot.written.conditions]
    return values


def deletion_was_requested_since(row: Instance, snapshot: Snapshot) -> bool:
    """Whether the row's state is newer: the assessment did not know of the requested deletion yet."""
    if row.state != State.DELETING or snapshot.assessment.state == "deleting":
        return False
    return row.changes.open().filter(action=Action.DELETE).exists()


def visible(metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if key in SHOWN or not key.startswith(HIDDEN)}


def project_events(destination: int, records: Mapping[str, Sequence[EventRecord]]) -> None:
    """Events of the cluster, by the uid of their instance."""
    with transaction.atomic():
        hold_namespace_owners()
        for row in Instance.objects.filter(destination_id=destination, uid__in=list(records)):
            if add_events(row, records[row.uid]):
                row.touch()


# -- deleted objects ------------------------------------------------------------------------------------


def project_deleted(destination: int, contract: int, key: Key, uid: str, *, lost: bool = False) -> None:
    """The object does not exist any more: delete its row, unless the row is of another object.

    ``lost``: the cluster went back in time, to before its creation.

    A row without a uid belongs to a creation that was refused, or whose result is not saved yet. In the
    second case the row is deleted when the result is saved (``reconciler.changes.outbox``).
    """
    with transaction.atomic():
        hold_namespace_owners()
        row = find(destination, contract, key)
        if row is not None and row.uid == uid:
            remove(row, LOST if lost else "")


@dataclass(frozen=True, slots=True)
class ListResult:
    """Uids. ``returned``: objects that are older than their rows were. ``deletions``: of instances whose
    deletion is requested and not delivered yet.
    """

    returned: frozenset[str]
    deletions: frozenset[str]


def project_list(destination: int, contract: int, listing: Listing) -> ListResult:
    """A complete list wins over the rows, because a restored cluster goes back in time.

    Deletes the rows of objects that are not in it, except rows without a uid. A row that is newer than its
    object accepts the object's version again.
    """
    with transaction.atomic():
        hold_namespace_owners()
        rows = Instance.objects.filter(destination_id=destination, contract_id=contract).exclude(uid="")
        returned = set()
        for row in rows:
            live = listing.objects.get(row.uid)
            if live is None:
                remove(row, LOST if is_later(row, listing.version) else "")
            elif is_later(row, version_of(live)):
                returned.add(row.uid)
                return_to(row, live)
        deletions = Change.objects.open().filter(
            action=Action.DELETE, instance__destination_id=destination, instance__contract_id=contract
        )
        open_deletions = frozenset(deletions.values_list("instance__uid", flat=True))
    return ListResult(frozenset(returned), open_deletions)


def is_later(row: Instance, version: str) -> bool:
    return bool(row.resource_version and version) and is_newer(row.resource_version, version)


def return_to(row: Instance, live: Manifest) -> None:
    """The cluster went back to an earlier version of the object: the next snapshot of it is to be taken."""
    before, version = row.resource_version, version_of(live)
    undone = row.deletion_requested_at is not None and not is_deleting(live)
    message = f"{RETURNED} {DELETION_UNDONE if undone else CHANGES_UNDONE}"
    uid = f"{row.uid}:{before}:{version}:{CLUSTER_RESTORED}"
    row.resource_version = version
    row.save(update_fields=["resource_version"])
    add_events(row, [EventRecord(CLUSTER_RESTORED, message, uid, warning=True)])
    row.touch()


def remove(row: Instance, why: str = "") -> None:
    """Its page remains (``catalog.models.deleted_instance``), and browsers are notified there.

    ``why``: what its page says, unless it was deleted as usual.
    """
    if not why:
        row.delete()
        return
    pk, team = row.pk, row.team.slug if row.team is not None else ""
    record("instance.lost", subject=row, by=None, team_slug=team, reason=why)
    row.delete()
    DeletedInstance.objects.filter(pk=pk).update(message=why)


def publish_row(row: Instance) -> None:
    publish(row.topic, row.version)
    publish("instances", f"{row.pk}.{row.version}", to=row.audience())


def save_destination(pk: int, **fields: Any) -> None:
    """Save the state of the cluster on its row; browsers are notified when it changed."""
    row = Destination.objects.filter(pk=pk).first()
    if row is None:
        return
    changed = any(getattr(row, name) != value for name, value in fields.items() if not name.endswith("_at"))
    Destination.objects.filter(pk=pk).update(**fields)
    if changed:
        publish("notices", timezone.now().isoformat())
