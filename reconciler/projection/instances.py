"""Cluster → rows. Batches from one thread; a row never goes back to an older version of its object."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Action, Destination, Instance, State
from catalog.models.instance import owning_team
from contracts.models import Contract
from portal.live.publish import publish
from reconciler.objects.accessors import (
    annotations_of,
    generation_of,
    is_newer,
    labels_of,
    metadata_of,
    uid_of,
    version_of,
)
from reconciler.projection.events import add_events, moment
from reconciler.projection.resources import project_resources
from reconciler.status.snapshot import EventRecord, Key, Snapshot

log = logging.getLogger("slipway.projection")

# Labels and annotations that are Slipway's or a tool's own: a person neither wrote nor edits them.
HIDDEN = ("applyset.kubernetes.io/", "slipway.dev/", "kubectl.kubernetes.io/last-applied-configuration")
SHOWN = ("slipway.dev/reconcile",)


def project(destination: int, snapshots: Sequence[Snapshot]) -> None:
    """Write what passes saw. One transaction; pages hear of it when it is committed."""
    with transaction.atomic():
        for snapshot in snapshots:
            project_one(destination, snapshot)


def project_one(destination: int, snapshot: Snapshot) -> None:
    row = row_for(destination, snapshot)
    if row is None:
        return
    before = fingerprint(row)
    fill(row, snapshot)
    changed = fingerprint(row) != before
    records = list(snapshot.records)
    if snapshot.summary is not None and not snapshot.partial:
        changed |= project_resources(row, snapshot.summary.resources, records)
    changed |= add_events(row, records)
    if changed:
        row.version += 1
        row.updated_at = timezone.now()
        row.save(update_fields=[*FIELDS, "state_since", "version", "updated_at"])
        tell(row)


def row_for(destination: int, snapshot: Snapshot) -> Instance | None:
    """The row of this object, made when there is none; None when the row already knows something newer."""
    key, uid, version = snapshot.key, uid_of(snapshot.instance), version_of(snapshot.instance)
    row = find(destination, snapshot.contract, key)
    if row is not None and row.uid and row.uid != uid:
        if row.resource_version and is_newer(row.resource_version, version):
            return None
        remove(row)  # an object of the same name, made anew
        row = None
    if row is not None and row.resource_version and is_newer(row.resource_version, version):
        return None
    if row is not None:
        return row
    contract = Contract.objects.select_related("owner").get(pk=snapshot.contract)
    return Instance.objects.create(
        destination_id=destination,
        contract=contract,
        namespace=key.namespace,
        name=key.name,
        team=owning_team(contract, key.namespace),
        created_at=moment(metadata_of(snapshot.instance).get("creationTimestamp")) or timezone.now(),
    )


def find(destination: int, contract: int, key: Key) -> Instance | None:
    """The row, held until the transaction ends: pages write to it too. Call it inside one."""
    rows = Instance.objects.select_for_update(of=("self",)).filter(
        destination_id=destination, contract_id=contract, namespace=key.namespace, name=key.name
    )
    return rows.first()


FIELDS = [
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
    "state",
    "reason",
    "message",
    "was_ready",
    "suspended",
    "deletion_requested_at",
]


def fingerprint(row: Instance) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


def fill(row: Instance, snapshot: Snapshot) -> None:
    obj, summary = snapshot.instance, snapshot.summary
    if row.generation != generation_of(obj):
        row.was_ready = False  # another wish: it has yet to come up
    row.uid, row.resource_version = uid_of(obj), version_of(obj)
    row.generation = row.observed_generation = generation_of(obj)
    row.revision_id = snapshot.revision
    row.spec = obj.get("spec") or {}
    row.labels, row.annotations = visible(labels_of(obj)), visible(annotations_of(obj))
    row.deletion_requested_at = moment(metadata_of(obj).get("deletionTimestamp"))
    row.suspended = snapshot.suspended
    if snapshot.conditions:
        row.conditions = [dict(condition) for condition in snapshot.conditions]
        row.status = dict(snapshot.status)
    if summary is None:
        return
    if summary.nodes:
        row.nodes = [node.as_dict() for node in summary.nodes]
    state, reason = summary.state, summary.reason
    if row.state == State.DELETING and not row.deletion_requested_at and deletion_is_asked(row):
        return  # the page says so already; the cluster will
    if row.was_ready and state in ("progressing", "waiting") and not snapshot.suspended:
        lost_before = row.state == State.DEGRADED  # and has not come back since
        state = State.DEGRADED if lost_before or not summary.is_underway else state
    if state == State.DEGRADED and not row.was_ready:
        state, reason = State.PROGRESSING, "Progressing"  # it has never been up as a whole
    if state != row.state:
        row.state_since = timezone.now()
    row.state, row.reason, row.message = state, reason, summary.message
    whole = state == State.READY and summary.generation == row.generation
    row.was_ready = row.was_ready or whole


def deletion_is_asked(row: Instance) -> bool:
    return row.changes.pending().filter(action=Action.DELETE).exists()


def visible(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in texts.items() if key in SHOWN or not key.startswith(HIDDEN)}


def project_events(destination: int, records: Mapping[str, Sequence[EventRecord]]) -> None:
    """Events of the cluster, by the uid of the instance that they are about."""
    with transaction.atomic():
        for row in Instance.objects.filter(destination_id=destination, uid__in=list(records)):
            if add_events(row, records[row.uid]):
                row.touch()


# -- what is gone, and what is fresh --------------------------------------------------------------------


def project_gone(destination: int, contract: int, key: Key, uid: str) -> None:
    """The object was deleted from the cluster: delete its row, unless the row is of another object.

    A row without a uid belongs to a creation that was refused, or whose result is not saved yet. In the
    second case the row is deleted when the result is saved (``reconciler.changes.outbox``).
    """
    with transaction.atomic():
        row = find(destination, contract, key)
        if row is not None and row.uid == uid:
            remove(row)


def project_list(destination: int, contract: int, uids: set[str]) -> int:
    """A full list was seen: rows of objects that are not in it go. Rows that were never delivered stay."""
    with transaction.atomic():
        rows = Instance.objects.filter(destination_id=destination, contract_id=contract).exclude(uid="")
        gone = [row for row in rows if row.uid not in uids]
        for row in gone:
            remove(row)
    return len(gone)


def remove(row: Instance) -> None:
    """Its page goes on answering (``catalog.models.deleted_instance``), and browsers hear of it there."""
    row.delete()


def tell(row: Instance) -> None:
    publish(row.topic, row.version)
    publish("instances", f"{row.pk}.{row.version}")


def save_destination(pk: int, **fields: Any) -> None:
    """How the cluster is, on its row; browsers hear of it when it changed."""
    row = Destination.objects.filter(pk=pk).first()
    if row is None:
        return
    news = any(getattr(row, name) != value for name, value in fields.items() if not name.endswith("_at"))
    Destination.objects.filter(pk=pk).update(**fields)
    if news:
        publish("notices", timezone.now().isoformat())
