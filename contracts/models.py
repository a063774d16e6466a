"""Contracts as the portal keeps them: the named API, its drafts, and its frozen revisions."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.accounts.permission import Scope


class Lifecycle(models.TextChoices):
    STABLE = "stable", "Stable"
    BETA = "beta", "Beta"
    DEPRECATED = "deprecated", "Deprecated"


class Contract(models.Model):
    """The named, owned API that a platform team offers. Its columns repeat its newest revision, for lists."""

    name = models.CharField(max_length=253, unique=True)  # metadata.name of the definition
    group = models.CharField(max_length=253)
    version = models.CharField(max_length=63)
    kind = models.CharField(max_length=63)
    plural = models.CharField(max_length=63)
    namespaced = models.BooleanField(default=True)
    owner = models.ForeignKey("accounts.Team", models.PROTECT, related_name="contracts")
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    category = models.CharField(max_length=60, blank=True, db_index=True)
    icon = models.CharField(max_length=60, default="package")
    lifecycle = models.CharField(max_length=12, choices=Lifecycle, default=Lifecycle.STABLE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    revision = models.ForeignKey("Revision", models.PROTECT, null=True, related_name="+", editable=False)
    # What the engine last said of the generated kind in the cluster: conditions in Kubernetes' shape.
    conditions = models.JSONField(default=list, editable=False)

    class Meta:
        ordering: ClassVar = ["title", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "kind"], name="contract_kind_once"),
            models.UniqueConstraint(fields=["group", "plural"], name="contract_plural_once"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}"

    @property
    def withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    def scope(self) -> Scope:
        return Scope("contract", self.name, team_id=self.owner_id)


class Revision(models.Model):
    """One published, frozen version of a contract."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField()  # the whole file as its author wrote it
    digest = models.CharField(max_length=64, db_index=True)  # SHA-256 of the text
    note = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "number"], name="revision_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.contract.name} revision {self.number}"


class Draft(models.Model):
    """A text that somebody is working on. Not a revision: it may be wrong, and nobody is offered it."""

    contract = models.ForeignKey(Contract, models.CASCADE, null=True, blank=True, related_name="drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="contract_drafts")
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-updated_at"]

    def __str__(self) -> str:
        return f"Draft of {self.contract.name}" if self.contract else "Draft of a new contract"


class KnownSchema(models.Model):
    """The OpenAPI last seen for one group and version at one destination, so that checks work without it."""

    destination = models.CharField(max_length=63)  # the destination's slug; that room stands above this one
    group_version = models.CharField(max_length=320)
    content_hash = models.CharField(max_length=128)
    document = models.JSONField()
    kinds = models.JSONField(default=list)  # [{kind, plural, namespaced}]
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["destination", "group_version"], name="schema_once_per_destination")
        ]

    def __str__(self) -> str:
        return f"{self.group_version} at {self.destination}"
