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
    """Set only by ``catalog.change_transitions``."""

    WAITING = "waiting", "Waiting"  # with a reason
    APPROVED = "approved", "Approved"  # to be delivered by the reconciler
    DELIVERING = "delivering", "Delivering"  # its request to the cluster may be under way
    COMMITTED = "committed", "Committed"  # only with delivery by Git
    MERGED = "merged", "Merged"  # only with delivery by Git
    DELIVERED = "delivered", "Delivered"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"
    SUPERSEDED = "superseded", "Superseded"
    FAILED = "failed", "Failed"


class WaitReason(models.TextChoices):
    APPROVAL = "approval", "for approval"
    WINDOW = "window", "for its time window"
    CLUSTER = "cluster", "for the cluster"
    SCHEMA = "schema", "for the schema in the cluster"
    PREDECESSOR = "predecessor", "for an earlier change"


STARTED = (ChangeState.DELIVERING, ChangeState.COMMITTED, ChangeState.MERGED)  # past Approved
OPEN = (ChangeState.WAITING, ChangeState.APPROVED, *STARTED)
_DISPLAY_STATES = {
    ChangeState.WAITING: "waiting",
    ChangeState.DELIVERED: "ready",
    ChangeState.REFUSED: "failed",
    ChangeState.EXPIRED: "failed",
    ChangeState.FAILED: "failed",
    ChangeState.CANCELLED: "ignored",
    ChangeState.SUPERSEDED: "ignored",
}


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, user: User | AnonymousUser) -> ChangeQuerySet:
        """Changes of the instances that this user sees; all changes for platform engineers."""
        return self if sees_everything(user) else self.filter(visible_rows(user))

    def open(self) -> ChangeQuerySet:
        """Neither delivered nor ended in another way."""
        return self.filter(state__in=OPEN)

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
    reason = models.CharField(max_length=12, choices=WaitReason, blank=True)  # what it waits for
    successor = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")  # superseded by
    failed_step = models.CharField(max_length=100, blank=True)
    manifest = models.JSONField(default=dict)  # the complete custom resource; empty for delete
    # Of an update: the fields that it touched (``catalog.touched``), which alone are delivered.
    touched = models.JSONField(default=list)
    overwrites = models.BooleanField(default=False)  # the touched fields, even if they changed meanwhile
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    decided_at = models.DateTimeField(null=True)  # when it ended
    # When the first request was sent; without it, the cluster cannot know of the change.
    delivery_started_at = models.DateTimeField(null=True)
    # The object that it created, changes or deletes, which is not another one that has its name meanwhile.
    # Empty while it is not known.
    uid = models.CharField(max_length=64, blank=True)
    lacks_fields_since = models.DateTimeField(null=True)  # when it was first seen that the cluster lacks some
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
                condition=models.Q(state__in=OPEN),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.instance_name}"

    @property
    def token(self) -> str:
        """Names the change on the object that it creates, in every database another one."""
        return f"{self.pk}-{int(self.created_at.timestamp() * 1000)}"

    @property
    def display_state(self) -> str:
        """The state whose colour the change has on pages."""
        return _DISPLAY_STATES.get(ChangeState(self.state), "progressing")

    @property
    def state_text(self) -> str:
        """The state in words, with what it waits for, its successor, or the failed step."""
        text = str(self.get_state_display())
        if self.state == ChangeState.WAITING and self.reason:
            return f"{text} {self.get_reason_display()}"
        if self.state == ChangeState.SUPERSEDED and self.successor_id:
            return f"{text} by change {self.successor_id}"
        return f"{text} at {self.failed_step}" if self.failed_step else text

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_cancellable(self) -> bool:
        """Whether its request to the cluster is not under way."""
        return self.state in (ChangeState.WAITING, ChangeState.APPROVED)
