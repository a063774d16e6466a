"""Deleted instances: what their pages show, and what a copy needs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from catalog.models.instance import Instance, audience_of, owning_team, visible_rows
from portal.accounts.models import User
from portal.accounts.permission import sees_everything
from portal.accounts.scope import Scope
from portal.audit.record import record
from portal.live.publish import publish


class DeletedInstanceQuerySet(models.QuerySet["DeletedInstance"]):
    def visible_to(self, user: User | AnonymousUser) -> DeletedInstanceQuerySet:
        return self if sees_everything(user) else self.filter(visible_rows(user))


class DeletedInstance(models.Model):
    """Has the primary key of the instance, so that its URL still works after the deletion."""

    id = models.BigIntegerField(primary_key=True)
    contract = models.ForeignKey("contracts.Contract", models.CASCADE, related_name="deleted_instances")
    destination = models.ForeignKey("catalog.Destination", models.CASCADE, related_name="+")
    team = models.ForeignKey("accounts.Team", models.SET_NULL, null=True, related_name="+")
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253)
    uid = models.CharField(max_length=64, blank=True, db_index=True)
    spec = models.JSONField(default=dict)
    message = models.TextField(blank=True)  # why it does not exist, unless it was deleted as usual
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(default=timezone.now)

    objects = DeletedInstanceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-deleted_at"]
        verbose_name_plural = "deleted instances"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:instance", args=[self.pk])

    def scope(self) -> Scope:
        contract_owner = self.contract.owner_id if self.team_id is not None else None
        return Scope("instance", str(self), team_id=self.team_id, contract_owner_id=contract_owner)


@receiver(post_delete, sender=Instance)
def record_deletion(sender: type[Instance], instance: Instance, **_: Any) -> None:
    """Whatever deletes a row, its page still shows what happened, and the audit log has an entry.

    The owner is read again: the instance may have been read before its namespace was given away.
    """
    team = owning_team(instance.contract, instance.namespace)
    DeletedInstance.objects.update_or_create(
        id=instance.pk,
        defaults={
            "contract_id": instance.contract_id,
            "destination_id": instance.destination_id,
            "team": team,
            "namespace": instance.namespace,
            "name": instance.name,
            "uid": instance.uid,
            "spec": instance.spec,
            "created_at": instance.created_at,
            "deleted_at": timezone.now(),
        },
    )
    record("instance.deleted", subject=instance, by=None, team_slug=team.slug if team else "")
    publish(instance.topic, "deleted")
    audience = audience_of(team.pk if team else None, instance.contract.owner_id)
    publish("instances", f"{instance.pk}.deleted", to=audience)
