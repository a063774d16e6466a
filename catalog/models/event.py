"""Events of an instance."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Event(models.Model):
    """An event from the reconciler (drift repaired, applied) or from Kubernetes."""

    instance = models.ForeignKey("catalog.Instance", models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)  # of the last occurrence
    first_at = models.DateTimeField(default=timezone.now)  # of the first; ``count`` says how many there are
    warning = models.BooleanField(default=False)
    reason = models.CharField(max_length=80)  # "DriftRepaired"
    message = models.TextField()
    node = models.CharField(max_length=100, blank=True)
    resource = models.CharField(max_length=330, blank=True)  # "Deployment checkout-api"
    source = models.CharField(max_length=60, default="slipway")
    count = models.PositiveIntegerField(default=1)
    uid = models.CharField(max_length=64, blank=True)  # of the Kubernetes Event, so that it is stored once

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["instance", "-at"]),
            models.Index(fields=["at"], name="event_by_time"),  # for the retention
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instance", "uid"], condition=~models.Q(uid=""), name="kubernetes_event_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"
