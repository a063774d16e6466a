"""Instances that are gone: enough of each to say so on its page, and to make another one like it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from catalog.models.instance import Instance
from portal.accounts.models import Role, User
from portal.accounts.permission import Scope, sees_everything, teams_with
from portal.audit.record import record
from portal.live.publish import publish


class DepartedQuerySet(models.QuerySet["Departed"]):
    def visible_to(self, user: User | AnonymousUser) -> DepartedQuerySet:
        if sees_everything(user):
            return self
        if not isinstance(user, User):
            return self.none()
        return self.filter(team__in=teams_with(user, Role.VIEWER))


class Departed(models.Model):
    """Keeps the key of the instance, so that its address still answers after the end."""

    id = models.BigIntegerField(primary_key=True)
    contract = models.ForeignKey("contracts.Contract", models.CASCADE, related_name="departed")
    destination = models.ForeignKey("catalog.Destination", models.CASCADE, related_name="+")
    team = models.ForeignKey("accounts.Team", models.SET_NULL, null=True, related_name="+")
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253)
    spec = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    gone_at = models.DateTimeField(default=timezone.now)

    objects = DepartedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-gone_at"]
        verbose_name_plural = "departed"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:instance", args=[self.pk])

    def scope(self) -> Scope:
        return Scope("instance", str(self), team_id=self.team_id, caretaker_id=self.contract.owner_id)


@receiver(post_delete, sender=Instance)
def remember(sender: type[Instance], instance: Instance, **_: Any) -> None:
    """However a row goes, its page can still say what happened, and the audit log has a line."""
    Departed.objects.update_or_create(
        id=instance.pk,
        defaults={
            "contract_id": instance.contract_id,
            "destination_id": instance.destination_id,
            "team_id": instance.team_id,
            "namespace": instance.namespace,
            "name": instance.name,
            "spec": instance.spec,
            "created_at": instance.created_at,
            "gone_at": timezone.now(),
        },
    )
    team = instance.team
    record("instance.gone", subject=instance, by=None, team_slug=team.slug if team else "")
    publish(instance.topic, "gone")
    publish("instances", f"{instance.pk}.gone")
