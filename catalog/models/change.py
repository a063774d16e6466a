"""Changes: requests to create, update or delete an instance."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from catalog.models.instance import Instance, visible_rows
from portal.accounts.models import User
from portal.accounts.permission import sees_everything


class Action(models.TextChoices):
    CREATE = "create", "Create"
    UPDATE = "update", "Update"
    DELETE = "delete", "Delete"


class ChangeState(models.TextChoices):
    WAITING = "waiting", "Waiting for approval"
    APPROVED = "approved", "Approved"  # to be delivered by the reconciler
    DELIVERED = "delivered", "Delivered"
    REFUSED = "refused", "Refused"


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, user: User | AnonymousUser) -> ChangeQuerySet:
        """Changes of the instances that this user sees; all changes for platform engineers."""
        return self if sees_everything(user) else self.filter(visible_rows(user))

    def pending(self) -> ChangeQuerySet:
        """Not yet delivered and not refused."""
        return self.filter(state__in=(ChangeState.WAITING, ChangeState.APPROVED))

    def newest_refused(self) -> Change | None:
        """The newest change, if it was refused."""
        newest = self.first()
        return newest if newest is not None and newest.state == ChangeState.REFUSED else None


class Change(models.Model):
    """A request and its outcome. It remains after its instance is deleted."""

    instance = models.ForeignKey(Instance, models.SET_NULL, null=True, related_name="changes")
    instance_name = models.CharField(max_length=330)  # "namespace/name"
    contract = models.ForeignKey("contracts.Contract", models.SET_NULL, null=True, related_name="+")
    team = models.ForeignKey("accounts.Team", models.SET_NULL, null=True, related_name="+")
    # Identifies an opened form, so that a form sent twice creates one change.
    submission = models.UUIDField(null=True, unique=True, editable=False)
    action = models.CharField(max_length=8, choices=Action)
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.APPROVED)
    manifest = models.JSONField(default=dict)  # the complete custom resource; empty for delete
    # The resourceVersion that an edit was based on; a newer one in the cluster is a conflict.
    base_resource_version = models.CharField(max_length=64, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    decided_at = models.DateTimeField(null=True)  # delivered or refused
    attempts = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)  # why it waits or was refused
    causes = models.JSONField(default=list)  # [{field, message}] of the API server's refusal

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                name="change_to_deliver",
                condition=models.Q(state=ChangeState.APPROVED),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.instance_name}"

    @property
    def display_state(self) -> str:
        """The state whose colour the change has on pages."""
        states = {
            ChangeState.DELIVERED: "ready",
            ChangeState.REFUSED: "failed",
            ChangeState.WAITING: "waiting",
        }
        return states.get(ChangeState(self.state), "progressing")

    @property
    def is_pending(self) -> bool:
        return self.state in (ChangeState.WAITING, ChangeState.APPROVED)
