"""Rows follow their namespace to its new owner, in the transaction of the hand-over."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.dispatch import receiver
from django.utils import timezone

from catalog.models import Change, DeletedInstance, Instance
from portal.accounts.models import Role
from portal.accounts.namespace_owners import OwnerChange, namespace_owner_changed
from portal.live.publish import publish


@receiver(namespace_owner_changed)
def follow_owner(change: OwnerChange, **_: Any) -> None:
    """Instances, deleted ones too, and their changes with the whole history belong to the new owner.

    Entries of the audit log keep the team of their time. Drafts belong to their authors and remain.
    """
    team = change.after.pk if change.after else None
    instances = Instance.objects.filter(namespace=change.namespace).order_by("pk")
    keys = list(instances.select_for_update().values_list("pk", flat=True))  # before changes, as everywhere
    now = timezone.now()
    instances.order_by().update(team_id=team, version=F("version") + 1, updated_at=now)
    Change.objects.filter(instance_name__startswith=f"{change.namespace}/").update(team_id=team)
    DeletedInstance.objects.filter(namespace=change.namespace).update(team_id=team)
    if not keys:
        return
    for pk, version in instances.values_list("pk", "version"):
        publish(f"instance.{pk}", version)
    owners = instances.order_by().values_list("contract__owner", flat=True).distinct()
    teams = [one.pk for one in (change.before, change.after) if one is not None]
    audience = [*((one, Role.VIEWER) for one in teams), *((one, Role.ENGINEER) for one in owners)]
    publish("instances", f"{change.namespace}-{now.isoformat()}", to=audience)
