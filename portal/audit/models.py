"""The audit log: who did what to which object, and why. Entries are only ever added."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from portal.accounts.models import Role, Team, User
from portal.accounts.permission import sees_everything, teams_with


class EntryIsFinal(Exception):
    """An entry of the audit log cannot be changed or deleted."""


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: User | AnonymousUser) -> EntryQuerySet:
        """All entries for platform engineers and portal admins; those of their teams for team admins."""
        if sees_everything(user):
            return self
        administered = Team.objects.filter(pk__in=teams_with(user, Role.ADMIN))
        return self.filter(team_slug__in=list(administered.values_list("slug", flat=True)))


class Entry(models.Model):
    """An entry of the audit log. It includes names, so that it remains readable after deletions."""

    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)
    verb = models.CharField(max_length=60, db_index=True)  # "contract.published"
    subject_type = models.CharField(max_length=40)  # "contract"
    subject_id = models.CharField(max_length=40)
    subject_name = models.CharField(max_length=300)
    team_slug = models.CharField(max_length=63, blank=True, db_index=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)  # small facts, never a Secret's value

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        verbose_name_plural = "entries"
        indexes: ClassVar = [models.Index(fields=["subject_type", "subject_id", "-at"])]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.subject_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise EntryIsFinal
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise EntryIsFinal
