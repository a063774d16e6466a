"""Instances and their resources: a projection of the cluster, so that pages are fast without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from portal.accounts.models import Role, Team, TeamNamespace, User
from portal.accounts.permission import Scope, sees_everything, teams_with
from portal.live.publish import publish

if TYPE_CHECKING:
    from catalog.models.change import Change


class State(models.TextChoices):
    """How an instance or a resource is, in one word; ``portal/home/states.py`` says what each means."""

    WAITING = "waiting", "Waiting"
    PROGRESSING = "progressing", "Progressing"
    READY = "ready", "Ready"
    DEGRADED = "degraded", "Degraded"
    FAILED = "failed", "Failed"
    DELETING = "deleting", "Deleting"
    UNKNOWN = "unknown", "Unknown"


def owning_team(contract: Contract, namespace: str) -> Team | None:
    """The team that owns the namespace; for a cluster-scoped kind, the team that owns the contract."""
    if not contract.namespaced:
        return contract.owner
    owned = TeamNamespace.objects.select_related("team").filter(name=namespace).first()
    return owned.team if owned else None


# What no list shows: long texts of JSON.
HEAVY = ("spec", "labels", "annotations", "status", "conditions", "nodes")


class InstanceQuerySet(models.QuerySet["Instance"]):
    def visible_to(self, user: User | AnonymousUser) -> InstanceQuerySet:
        """What this person may see: everything for platform engineers, else what their teams own."""
        if sees_everything(user):
            return self
        if not isinstance(user, User):
            return self.none()
        return self.filter(team__in=teams_with(user, Role.VIEWER))

    def named_like(self, text: str) -> InstanceQuerySet:
        """Every word occurs in the name or the namespace; ``namespace/name`` finds the one.

        Kubernetes knows both in small letters only: the words are made small, the rows taken as they are.
        """
        found = self
        for word in text.lower().split():
            namespace, slash, name = word.partition("/")
            if slash:
                found = found.filter(namespace=namespace, name__contains=name)
            else:
                found = found.filter(models.Q(name__contains=word) | models.Q(namespace__contains=word))
        return found

    def lines(self, most: int) -> InstanceQuerySet:
        """The first few, for a short list: sorted by key alone, so that only those are read."""
        keys = list(self.values_list("pk", flat=True)[:most])
        found = Instance.objects.filter(pk__in=keys).order_by(*self.query.order_by)
        return found.select_related("contract", "team").defer(*HEAVY)


class Instance(models.Model):
    """A custom resource of a contract's kind. The cluster's object is the truth; this row follows it.

    A row is born with its first change, before the cluster knows of it: then ``uid`` is empty. ``rev`` grows
    by one whenever anything that a page shows has changed; websocket messages carry it.
    """

    # No index of their own for these three: one below begins with each.
    destination = models.ForeignKey(
        "catalog.Destination", models.PROTECT, related_name="instances", db_index=False
    )
    contract = models.ForeignKey(
        "contracts.Contract", models.PROTECT, related_name="instances", db_index=False
    )
    # The revision that the resources were last rendered with; empty until the first pass.
    revision = models.ForeignKey("contracts.Revision", models.PROTECT, null=True, related_name="+")
    namespace = models.CharField(max_length=63, blank=True)  # empty for a cluster-scoped kind
    name = models.CharField(max_length=253)
    # The team that owns the namespace, kept with the row for filters; empty when nobody owns it.
    team = models.ForeignKey(
        "accounts.Team", models.SET_NULL, null=True, related_name="instances", db_index=False
    )

    uid = models.CharField(max_length=64, blank=True, db_index=True)
    resource_version = models.CharField(max_length=64, blank=True)
    generation = models.BigIntegerField(default=0)
    observed_generation = models.BigIntegerField(default=0)
    spec = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    status = models.JSONField(default=dict)  # what the contract projects, e.g. the URL
    conditions = models.JSONField(default=list)
    nodes = models.JSONField(default=list)  # [{id, kind, state, reason, total, ready, needs}], in order

    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=80, blank=True)  # CamelCase, for machines
    message = models.TextField(blank=True)  # the reason in words
    state_since = models.DateTimeField(default=timezone.now)
    was_ready = models.BooleanField(default=False)
    suspended = models.BooleanField(default=False)

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deletion_asked_at = models.DateTimeField(null=True)  # metadata.deletionTimestamp
    rev = models.PositiveBigIntegerField(default=1)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["destination", "contract", "namespace", "name"], name="instance_name_once"
            )
        ]
        # A search looks into every name, so these hold all that it asks for: it reads an index and no row.
        indexes: ClassVar = [
            models.Index(fields=["name", "id", "namespace"], name="instance_by_name"),
            models.Index(fields=["state", "name", "id", "namespace"], name="instance_by_state"),
            models.Index(fields=["team", "name", "id", "namespace", "state"], name="instance_by_team"),
            models.Index(fields=["namespace", "name", "id", "state"], name="instance_by_namespace"),
            models.Index(fields=["contract", "state"]),
            models.Index(fields=["-updated_at", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:instance", args=[self.pk])

    @property
    def topic(self) -> str:
        return f"instance.{self.pk}"

    def scope(self) -> Scope:
        return Scope("instance", str(self), team_id=self.team_id, caretaker_id=self.contract.owner_id)

    @property
    def manifest(self) -> dict[str, Any]:
        """The custom resource as a person would write it: no status, nothing that the cluster added."""
        metadata: dict[str, Any] = {"name": self.name}
        if self.namespace:
            metadata["namespace"] = self.namespace
        if self.labels:
            metadata["labels"] = self.labels
        if self.annotations:
            metadata["annotations"] = self.annotations
        return {
            "apiVersion": self.contract.api_version,
            "kind": self.contract.kind,
            "metadata": metadata,
            "spec": self.spec,
        }

    @property
    def is_leaving(self) -> bool:
        return self.deletion_asked_at is not None or self.state == State.DELETING

    def pending_change(self) -> Change | None:
        """The newest wish that is not yet delivered."""
        return self.changes.pending().first()

    def refused_change(self) -> Change | None:
        """The newest change, when it was refused."""
        newest = self.changes.first()
        return newest if newest is not None and newest.state == "refused" else None

    def touch(self) -> None:
        """Say that pages which show it must look again. Call it inside the transaction of the change."""
        Instance.objects.filter(pk=self.pk).update(rev=F("rev") + 1, updated_at=timezone.now())
        self.refresh_from_db(fields=["rev", "updated_at"])
        publish(self.topic, self.rev)
        publish("instances", f"{self.pk}.{self.rev}")

    def leave(self) -> None:
        """Show that its deletion was asked for, before the cluster says so."""
        Instance.objects.filter(pk=self.pk).exclude(state=State.DELETING).update(
            state=State.DELETING,
            reason="DeletionRequested",
            message="Its deletion was asked for.",
            state_since=timezone.now(),
        )
        self.refresh_from_db()
        self.touch()


class InstanceResource(models.Model):
    """A live Kubernetes object that a node of an instance produced, or is about to."""

    instance = models.ForeignKey(Instance, models.CASCADE, related_name="resources")
    node = models.CharField(max_length=100)
    index = models.PositiveIntegerField(default=0)  # position in a forEach collection
    api_version = models.CharField(max_length=320)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253)
    uid = models.CharField(max_length=64, blank=True)
    resource_version = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    fact = models.CharField(max_length=40, blank=True)  # "2/3", short enough for a graph node
    message = models.TextField(blank=True)
    # What was asked of it when it was ready last (uid, generation, nodes): whether less is a loss.
    whole = models.JSONField(null=True)
    created_at = models.DateTimeField(null=True)  # metadata.creationTimestamp
    deletion_asked_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["instance", "node", "index", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instance", "node", "api_version", "kind", "namespace", "name"],
                name="resource_once_per_instance",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["name"], name="resource_by_name")]  # whose is it?

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
