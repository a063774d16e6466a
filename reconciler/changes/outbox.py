"""Changes that wait to be delivered: rows → pending changes, and their results → rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Action, Change, Instance, State
from catalog.models.change import ChangeState
from portal.accounts.models import TeamNamespace
from reconciler.kinds.compiled import kind_problem
from reconciler.objects.accessors import uid_of
from reconciler.projection.instances import remove
from reconciler.status.snapshot import Key


@dataclass(frozen=True, slots=True)
class PendingChange:
    """An approved change and its instance, as their rows are."""

    pk: int
    token: str  # names the change on the object that it creates
    action: str
    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str  # empty until a creation is delivered
    manifest: Mapping[str, Any]
    base: str  # the resourceVersion that an edit was based on
    base_spec: Mapping[str, Any] | None
    team: bool  # a team of this portal owns the namespace
    kind_problem: str = ""  # why the cluster does not serve the kind, when that is known

    @property
    def key(self) -> Key:
        return Key(f"{self.kind}.{self.api_version.rpartition('/')[0]}", self.namespace, self.name)

    @property
    def display_name(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of a delivery. ``state`` is delivered, refused, or approved when it must be tried again."""

    state: str
    message: str = ""
    causes: tuple[Mapping[str, str], ...] = ()
    live: dict[str, Any] | None = None  # the object that was created or changed
    deleted: bool = False  # the object does not exist (any more)


def due_changes(destination: int) -> list[PendingChange]:
    """Approved changes, oldest first. Of each instance only the oldest, so that they follow each other."""
    decide_orphans()
    rows = (
        Change.objects.filter(state=ChangeState.APPROVED)
        .filter(instance__destination_id=destination)
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
    return PendingChange(
        pk=row.pk,
        token=f"{row.pk}-{int(row.created_at.timestamp() * 1000)}",
        action=row.action,
        api_version=contract.api_version,
        kind=contract.kind,
        namespace=instance.namespace,
        name=instance.name,
        uid=instance.uid,
        manifest=row.manifest,
        base=row.base_resource_version,
        base_spec=instance.spec if row.base_resource_version == instance.resource_version else None,
        team=instance.namespace in owned_namespaces,
        kind_problem=kind_problem(contract.conditions),
    )


def decide_orphans() -> None:
    """Decide changes whose instance was deleted before they were delivered."""
    orphans = Change.objects.pending().filter(instance=None)
    if not orphans.exists():
        return
    now = timezone.now()
    orphans.filter(action=Action.DELETE).update(
        state=ChangeState.DELIVERED, message="It was already deleted.", decided_at=now
    )
    orphans.exclude(action=Action.DELETE).update(
        state=ChangeState.REFUSED, message="The instance was deleted first.", decided_at=now
    )


def save_deliveries(results: Sequence[tuple[PendingChange, DeliveryResult]]) -> None:
    with transaction.atomic():
        for pending, result in results:
            save_delivery(pending, result)


def save_delivery(pending: PendingChange, result: DeliveryResult) -> None:
    """Save the result on the change and on its instance, in the caller's transaction."""
    change = (
        Change.objects.select_related("instance").filter(pk=pending.pk, state=ChangeState.APPROVED).first()
    )
    if change is None:
        return
    if result.state == ChangeState.APPROVED:
        postpone(change, result.message)
        return
    change.state, change.message = result.state, result.message
    change.causes = [dict(cause) for cause in result.causes]
    change.decided_at, change.attempts = timezone.now(), change.attempts + 1
    change.save()
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
    if not instance.uid and uid:
        Instance.objects.filter(pk=instance.pk, uid="").update(uid=uid)
    if not instance.uid and result.state == ChangeState.REFUSED:
        Instance.objects.filter(pk=instance.pk).update(
            state=State.FAILED, reason="Refused", message=result.message, state_since=timezone.now()
        )
    instance.touch()


def postpone(change: Change, message: str) -> None:
    """Keep the change approved and save why it waits. Published only when the reason changes."""
    Change.objects.filter(pk=change.pk).update(attempts=F("attempts") + 1)
    if change.message == message:
        return
    Change.objects.filter(pk=change.pk).update(message=message)
    instance = change.instance
    if instance is None:
        return
    if not instance.uid:
        Instance.objects.filter(pk=instance.pk).update(
            state=State.WAITING, reason="NotDelivered", message=message
        )
    instance.touch()
