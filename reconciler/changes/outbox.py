"""What people asked for and the cluster has not heard yet: rows → wishes, and their answers → rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Change, Instance, State
from catalog.models.change import ChangeState
from portal.accounts.models import TeamNamespace
from reconciler.kinds.compiled import kind_problem
from reconciler.projection.instances import remove


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that may be delivered, as its row says."""

    pk: int
    token: str  # names the change on the object that it creates
    action: str
    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    manifest: Mapping[str, Any]
    base: str
    base_spec: Mapping[str, Any] | None
    team: bool  # a team of this portal owns the namespace
    kind_trouble: str = ""  # why the cluster does not serve the kind, when that is known

    @property
    def group_kind(self) -> str:
        return f"{self.kind}.{self.api_version.rpartition('/')[0]}"

    @property
    def display_name(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of a wish. ``state`` is delivered, refused, or approved when it must be tried again."""

    state: str
    message: str = ""
    causes: tuple[Mapping[str, str], ...] = ()
    gone: bool = False  # a deletion of what was not there
    live: dict[str, Any] | None = None


def due_changes(destination: int) -> list[PendingChange]:
    """Approved changes, oldest first; of each instance only the oldest, so that they follow each other."""
    rows = (
        Change.objects.filter(state=ChangeState.APPROVED)
        .filter(instance__destination_id=destination)
        .select_related("instance__contract")
        .order_by("created_at", "pk")
    )
    owned = set(TeamNamespace.objects.values_list("name", flat=True))
    first: dict[int, PendingChange] = {}
    for row in rows:
        instance = row.instance
        if instance is None or instance.pk in first:
            continue
        contract = instance.contract
        first[instance.pk] = PendingChange(
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
            team=instance.namespace in owned,
            kind_trouble=kind_problem(contract.conditions),
        )
    return list(first.values())


def save_deliveries(answered: Sequence[tuple[PendingChange, DeliveryResult]]) -> None:
    with transaction.atomic():
        for pending, answer in answered:
            save_delivery(pending, answer)


def save_delivery(pending: PendingChange, delivery: DeliveryResult) -> None:
    """Write the answer on the change, and on the instance that was never made."""
    change = (
        Change.objects.select_related("instance").filter(pk=pending.pk, state=ChangeState.APPROVED).first()
    )
    if change is None:
        return
    instance = change.instance
    if delivery.state == ChangeState.APPROVED:
        postpone(change, instance, delivery.message)
        return
    change.state, change.message = delivery.state, delivery.message
    change.causes = [dict(cause) for cause in delivery.causes]
    change.decided_at, change.attempts = timezone.now(), change.attempts + 1
    change.save()
    if instance is None:
        return
    if delivery.gone:
        remove(instance)
        return
    if delivery.state == ChangeState.REFUSED and not instance.uid:
        Instance.objects.filter(pk=instance.pk).update(
            state=State.FAILED, reason="Refused", message=delivery.message, state_since=timezone.now()
        )
    instance.touch()


def postpone(change: Change, instance: Instance | None, message: str) -> None:
    """It stays to be delivered; the page says why it waits. Told once per reason, not once per try."""
    Change.objects.filter(pk=change.pk).update(attempts=F("attempts") + 1)
    if change.message == message:
        return
    Change.objects.filter(pk=change.pk).update(message=message)
    if instance is None:
        return
    if not instance.uid:
        Instance.objects.filter(pk=instance.pk).update(
            state=State.WAITING, reason="NotDelivered", message=message
        )
    instance.touch()
