"""A wish to create, update or delete an instance."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Action(models.TextChoices):
    CREATE = "create", "Create"
    UPDATE = "update", "Update"
    DELETE = "delete", "Delete"


class ChangeState(models.TextChoices):
    WAITING = "waiting", "Waiting for approval"
    APPROVED = "approved", "Approved"  # to be delivered by the engine
    DELIVERED = "delivered", "Delivered"
    REFUSED = "refused", "Refused"


class Change(models.Model):
    """What somebody asked for. It is kept when the instance is gone, and says what became of the wish."""

    instance = models.ForeignKey("catalog.Instance", models.SET_NULL, null=True, related_name="changes")
    instance_name = models.CharField(max_length=330)  # "namespace/name"
    action = models.CharField(max_length=8, choices=Action)
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.APPROVED)
    manifest = models.JSONField(default=dict)  # the whole custom resource that is proposed; empty for delete
    # The resourceVersion that an edit was made from; another one in the cluster means that somebody was quicker.
    base_resource_version = models.CharField(max_length=64, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    decided_at = models.DateTimeField(null=True)  # delivered or refused
    attempts = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)  # why it waits or was refused, in words
    causes = models.JSONField(default=list)  # [{field, message}] of the API server's refusal, for the form

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"], name="change_to_deliver", condition=models.Q(state=ChangeState.APPROVED)
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.instance_name}"
