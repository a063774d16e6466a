"""Clusters that instances are delivered to. ``reconciler.destinations`` connects to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from portal.accounts.models import dns_label

# The reconciler saves a heartbeat every few seconds. Without one for this long, it is not running.
HEARTBEAT_TIMEOUT = timedelta(seconds=60)


def is_overdue(seen: datetime | None) -> bool:
    """Whether a heartbeat stopped. It did not if there never was one."""
    return seen is not None and timezone.now() - seen > HEARTBEAT_TIMEOUT


class Destination(models.Model):
    """A cluster. How to reach it comes from the reconciler's environment, never from this row."""

    slug = models.CharField(max_length=63, unique=True, validators=[dns_label])
    title = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False)
    simulated = models.BooleanField(default=False)
    server_version = models.CharField(max_length=60, blank=True)
    reachable = models.BooleanField(null=True)  # None: not checked yet
    message = models.TextField(blank=True)  # why it is unreachable, or the reconciler on standby
    seen_at = models.DateTimeField(null=True)  # when it last answered
    # Heartbeat of the reconciler; rows are up to date only while it advances.
    reconciler_seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_destination"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def has_reconciler(self) -> bool:
        """Whether a reconciler that is not on standby works on this cluster."""
        return self.reconciler_seen_at is not None and not is_overdue(self.reconciler_seen_at)
