"""Instances and their resources: a projection of the cluster, so that pages work fast and without it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from portal.accounts.models import Role, Team, TeamNamespace, User
from portal.accounts.permission import sees_everything, teams_with
from portal.accounts.scope import Scope
from portal.live.publish import Audience, publish
from portal.search_words import search_words


class State(models.TextChoices):
    """The state of an instance or a resource; ``portal/home/states.py`` explains each."""

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


def visible_rows(user: User | AnonymousUser) -> models.Q:
    """Rows of the user's teams, and of the contracts that a team owns in which they are an engineer.

    None of a namespace without a team: only portal roles see those.
    """
    own = models.Q(team__in=teams_with(user, Role.VIEWER))
    if maintained := teams_with(user, Role.ENGINEER):
        own |= models.Q(
            team__isnull=False,
            contract__in=Contract.objects.filter(owner__in=maintained).order_by().values("pk"),
        )
    return own


def audience_of(team: int | None, owner: int) -> Audience:
    """Who may see an instance of this team, of a contract that the team ``owner`` owns."""
    return [(team, Role.VIEWER), (owner, Role.ENGINEER)] if team is not None else []


# Large JSON fields that no list shows.
HEAVY = ("spec", "labels", "annotations", "status", "conditions", "nodes")


class InstanceQuerySet(models.QuerySet["Instance"]):
    def visible_to(self, user: User | AnonymousUser) -> InstanceQuerySet:
        """All instances for platform engineers; for others see :func:`visible_rows`."""
        return self if sees_everything(user) else self.filter(visible_rows(user))

    def named_like(self, text: str) -> InstanceQuerySet:
        """Each word must occur in the name or the namespace; ``namespace/name`` finds one instance.

        Names and namespaces are lowercase in Kubernetes, so only the search text is lowercased.
        """
        found = self
        for word in search_words(text.lower()):
            namespace, slash, name = word.partition("/")
            if slash:
                found = found.filter(namespace=namespace, name__contains=name)
            else:
                found = found.filter(models.Q(name__contains=word) | models.Q(namespace__contains=word))
        return found

    def lines(self, most: int) -> InstanceQuerySet:
        """The first ``most`` instances for a short list. Sorts keys only, so that few rows are read."""
        keys = list(self.values_list("pk", flat=True)[:most])
        found = Instance.objects.filter(pk__in=keys).order_by(*self.query.order_by)
        return found.select_related("contract", "team").defer(*HEAVY)


class Instance(models.Model):
    """A custom resource of a contract's kind. The object in the cluster is the truth; this row follows it.

    A row is created with its first change, before the object exists in the cluster: then ``uid`` is empty.
    ``version`` increments whenever anything that a page shows has changed; websocket messages carry it.
    """

    # No separate index for these three: each starts one of the indexes below.
    destination = models.ForeignKey(
        "catalog.Destination", models.PROTECT, related_name="instances", db_index=False
    )
    contract = models.ForeignKey(
        "contracts.Contract", models.PROTECT, related_name="instances", db_index=False
    )
    # The revision that the resources were last rendered with; null until the first reconciliation.
    revision = models.ForeignKey("contracts.Revision", models.PROTECT, null=True, related_name="+")
    namespace = models.CharField(max_length=63, blank=True)  # empty for a cluster-scoped kind
    name = models.CharField(max_length=253)
    # The team that owns the namespace, stored here for filters; null when no team owns it.
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
    status = models.JSONField(default=dict)  # status fields of the contract, e.g. the URL
    conditions = models.JSONField(default=list)
    nodes = models.JSONField(default=list)  # [{id, kind, state, reason, total, ready, needs}], in order

    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=80, blank=True)  # CamelCase, for programs
    message = models.TextField(blank=True)  # the reason for users
    reason_node = models.CharField(max_length=100, blank=True)  # id of the node that the message is about
    state_since = models.DateTimeField(default=timezone.now)
    was_ready = models.BooleanField(default=False)
    suspended = models.BooleanField(default=False)

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deletion_requested_at = models.DateTimeField(null=True)  # metadata.deletionTimestamp
    version = models.PositiveBigIntegerField(default=1)
    # How many events were stored on that day, for the daily limit.
    events_day = models.DateField(null=True)
    events_today = models.PositiveIntegerField(default=0)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["destination", "contract", "namespace", "name"], name="instance_name_once"
            )
        ]
        # A search scans every name, so these cover its columns: it reads an index and no rows.
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
        contract_owner = self.contract.owner_id if self.team_id is not None else None
        return Scope("instance", str(self), team_id=self.team_id, contract_owner_id=contract_owner)

    @property
    def manifest(self) -> dict[str, Any]:
        """The custom resource as a user would write it: no status, nothing added by the cluster."""
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
    def is_deleting(self) -> bool:
        return self.deletion_requested_at is not None or self.state == State.DELETING

    def touch(self) -> None:
        """Increment the version and notify pages that show it. Call it in the transaction of the change."""
        Instance.objects.filter(pk=self.pk).update(version=F("version") + 1, updated_at=timezone.now())
        self.refresh_from_db(fields=["version", "updated_at"])
        publish(self.topic, self.version)
        publish("instances", f"{self.pk}.{self.version}", to=self.audience())

    def audience(self) -> Audience:
        """Who may see it, as :func:`visible_rows` says."""
        return audience_of(self.team_id, self.contract.owner_id)

    def mark_deleting(self) -> None:
        """Show the requested deletion before the cluster reports it."""
        Instance.objects.filter(pk=self.pk).exclude(state=State.DELETING).update(
            state=State.DELETING,
            reason="DeletionRequested",
            message="Deletion requested.",
            reason_node="",
            state_since=timezone.now(),
        )
        self.refresh_from_db()
        self.touch()

    def unmark_deleting(self) -> None:
        """The requested deletion was cancelled. Its next reconciliation decides the state."""
        Instance.objects.filter(pk=self.pk, state=State.DELETING, deletion_requested_at=None).update(
            state=State.PROGRESSING,
            reason="DeletionCancelled",
            message="The deletion was cancelled.",
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
    # What was desired when it was last ready (uid, generation, nodes), to tell a loss from a scale-down.
    ready_baseline = models.JSONField(null=True)
    # Repairs in a row of fields that others change (reconciler.plan.repairs); a restart continues them.
    repairs = models.JSONField(default=list)
    # Hosts that it claims: [[server, host, path]] (contracts.runtime.claimed_hosts).
    claims = models.JSONField(default=list)
    # How it finished, if it is not run again (reconciler.plan.finished).
    finished = models.JSONField(null=True)
    created_at = models.DateTimeField(null=True)  # metadata.creationTimestamp
    deletion_requested_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["instance", "node", "index", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instance", "node", "api_version", "kind", "namespace", "name"],
                name="resource_once_per_instance",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["name"], name="resource_by_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
