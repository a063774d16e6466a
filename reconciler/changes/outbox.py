"""Changes that wait to be delivered: rows → pending changes, and their results → rows."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog import change_transitions
from catalog.change_transitions import TransitionNotAllowed
from catalog.models import Action, Change, ChangeState, Instance, State, WaitReason
from catalog.touched import TouchedField, read_touched
from portal.accounts.models import TeamNamespace
from portal.accounts.namespace_owners import hold_namespace_owners
from reconciler.kinds.compiled import kind_problem
from reconciler.objects.accessors import (
    Manifest,
    annotations_of,
    generation_of,
    is_newer,
    labels_of,
    uid_of,
    version_of,
)
from reconciler.projection.instances import remove, visible
from reconciler.status.snapshot import Key


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that is due, and its instance, as their rows are."""

    pk: int
    token: str  # names the change on the object that it creates
    action: str
    api_version: str
    kind: str
    plural: str
    contract: str  # its name
    namespace: str
    name: str
    uid: str  # of the object that it is about; empty until a creation is delivered
    manifest: Mapping[str, Any]
    team: bool  # a team of this portal owns the namespace
    touched: tuple[TouchedField, ...] = ()  # what an update changes
    overwrites: bool = False
    creation_token: str = ""  # of the change that created the instance, while the uid is not known
    kind_problem: str = ""  # why the cluster does not serve the kind, when that is known
    lacks_fields_since: datetime | None = None  # when it was first seen that the cluster lacks some

    @property
    def key(self) -> Key:
        return Key(f"{self.kind}.{self.api_version.rpartition('/')[0]}", self.namespace, self.name)

    @property
    def crd_name(self) -> str:
        return f"{self.plural}.{self.api_version.rpartition('/')[0]}"

    @property
    def display_name(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of a delivery. ``state`` is delivered, refused, or waiting."""

    state: str
    message: str = ""
    reason: str = ""  # what it waits for
    causes: tuple[Mapping[str, str], ...] = ()
    live: dict[str, Any] | None = None  # the object that was created or changed
    deleted: bool = False  # the object does not exist (any more)
    undeclared: str = ""  # the field that the cluster refused because its schema has no such field
    lacks_fields_since: datetime | None = None  # the cluster lacks fields of the change, which waits for them


DUE = (
    Q(state__in=(ChangeState.APPROVED, ChangeState.DELIVERING))
    | Q(state=ChangeState.WAITING, reason__in=(WaitReason.CLUSTER, WaitReason.SCHEMA))
)  # fmt: skip


def due_changes(destination: int) -> list[PendingChange]:
    """Approved changes, and those to be delivered again, oldest first; of each instance only the oldest.

    One that is being delivered was left by a process that died. Call it only between deliveries.
    """
    decide_orphans()
    rows = (
        Change.objects.open()
        .filter(DUE, instance__destination_id=destination)
        .select_related("instance__contract")
        .order_by("created_at", "pk")
    )
    owned = set(TeamNamespace.objects.values_list("name", flat=True))
    oldest: dict[int, PendingChange] = {}
    for row in rows:
        instance = row.instance
        if instance is not None and instance.pk not in oldest:
            oldest[instance.pk] = pending_change(row, instance, owned)
    return list(oldest.values())


def pending_change(row: Change, instance: Instance, owned_namespaces: set[str]) -> PendingChange:
    contract = instance.contract
    creation = instance.changes.filter(action=Action.CREATE).first()
    # The row follows the name. The object that has it now may be another one than the change is about.
    uid = row.uid or (creation.uid if creation is not None else instance.uid)
    return PendingChange(
        pk=row.pk,
        token=row.token,
        action=row.action,
        api_version=contract.api_version,
        kind=contract.kind,
        plural=contract.plural,
        contract=contract.name,
        namespace=instance.namespace,
        name=instance.name,
        uid=uid,
        manifest=row.manifest,
        team=instance.namespace in owned_namespaces,
        touched=tuple(read_touched(row.touched)),
        overwrites=row.overwrites,
        creation_token="" if uid or creation is None else creation.token,
        kind_problem=kind_problem(contract.conditions),
        lacks_fields_since=row.lacks_fields_since,
    )


def decide_orphans() -> None:
    """Decide changes whose instance was deleted before they were delivered."""
    for change in Change.objects.open().filter(instance=None):
        if change.action == Action.DELETE:
            change_transitions.finish(change, "It was already deleted.")
        else:
            change_transitions.refuse(change, "The instance was deleted first.")


def start_deliveries(keys: Sequence[int]) -> set[int]:
    """The changes that are still to be delivered, marked as under way: from now on none can be cancelled."""
    started = set()
    with transaction.atomic():
        hold_namespace_owners()
        for change in Change.objects.filter(pk__in=keys).order_by("pk"):
            with contextlib.suppress(TransitionNotAllowed):
                change_transitions.start_delivery(change)
                started.add(change.pk)
    return started


def cancelled_deletions(uids: Collection[str]) -> set[str]:
    """Those of these instances whose deletion was cancelled."""
    cancelled = Change.objects.filter(
        instance__uid__in=uids, action=Action.DELETE, state=ChangeState.CANCELLED
    )
    wanted = Change.objects.open().filter(instance__uid__in=uids, action=Action.DELETE)
    of_instance = "instance__uid"
    return set(cancelled.values_list(of_instance, flat=True)) - set(
        wanted.values_list(of_instance, flat=True)
    )


def save_deliveries(results: Sequence[tuple[PendingChange, DeliveryResult]]) -> None:
    with transaction.atomic():
        hold_namespace_owners()
        for pending, result in results:
            save_delivery(pending, result)


def save_delivery(pending: PendingChange, result: DeliveryResult) -> None:
    """Save the result on the change and on its instance, in the caller's transaction."""
    change = Change.objects.select_related("instance", "team").filter(pk=pending.pk).first()
    if change is None:
        return
    if result.live is not None and not change.uid:
        change.uid = uid_of(result.live)
        change.save(update_fields=["uid"])
    with contextlib.suppress(TransitionNotAllowed):  # cancelled meanwhile: nothing was sent
        if result.state == ChangeState.WAITING:
            postpone(change, result)
            return
        if result.state == ChangeState.REFUSED:
            change_transitions.refuse(change, result.message, result.causes)
        else:
            change_transitions.finish(change, result.message)
        if change.instance is not None:
            save_on_instance(change.instance, pending, result)


def save_on_instance(instance: Instance, pending: PendingChange, result: DeliveryResult) -> None:
    """Save the uid that a delivery reported, or that the creation was refused; delete what is deleted.

    The uid is saved with the result, so that a row without one is an instance that was never created.
    """
    uid = uid_of(result.live) if result.live is not None else pending.uid
    if result.deleted:
        if instance.uid in ("", uid):
            remove(instance)
        return
    if result.live is not None:
        save_observed(instance, result.live)
    if not instance.uid and uid:
        Instance.objects.filter(pk=instance.pk, uid="").update(uid=uid)
    if not instance.uid and result.state == ChangeState.REFUSED:
        Instance.objects.filter(pk=instance.pk).update(
            state=State.FAILED, reason="Refused", message=result.message, state_since=timezone.now()
        )
    instance.touch()


def save_observed(instance: Instance, live: Manifest) -> None:
    """The row has what was delivered at once, so that the next edit is based on it."""
    version = version_of(live)
    if instance.uid in ("", uid_of(live)) and is_newer(version, instance.resource_version or "0"):
        Instance.objects.filter(pk=instance.pk).update(
            spec=live.get("spec") or {},
            labels=visible(labels_of(live)),
            annotations=visible(annotations_of(live)),
            generation=generation_of(live),
            resource_version=version,
        )


def postpone(change: Change, result: DeliveryResult) -> None:
    """Save what the change waits for, on the instance too if that was not created yet."""
    if result.reason == WaitReason.SCHEMA:
        change_transitions.wait_for_schema(change, result.message, result.lacks_fields_since)
    else:
        change_transitions.wait_for_cluster(change, result.message)
    instance = change.instance
    if instance is None or instance.uid or instance.message == result.message:
        return
    Instance.objects.filter(pk=instance.pk).update(
        state=State.WAITING, reason="NotDelivered", message=result.message
    )
    instance.touch()
