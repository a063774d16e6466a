"""Contracts in the database: the named API, its drafts, and its immutable revisions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import Role, Team, User
from portal.accounts.permission import sees_everything, teams_with
from portal.accounts.rights import hold_rights, require
from portal.accounts.scope import Scope
from portal.accounts.visible_text import is_visible
from portal.audit.record import record
from portal.live import publish as live
from portal.search_words import search_words

KIND_READY = "KindReady"  # type of the condition of a contract that says whether its kind is served


class RevisionIsImmutable(Exception):
    """A published revision cannot be changed; publish another one."""


class InvalidReason(ValueError):
    """The action needs a reason, and none that can be read was given."""


LONGEST_REASON = 1000


def checked_reason(reason: str, missing: str) -> str:
    """The reason without blanks around it. Raises :class:`InvalidReason`: ``missing`` if it shows nothing."""
    if not is_visible(reason):
        raise InvalidReason(missing)
    if len(reason.strip()) > LONGEST_REASON:
        raise InvalidReason(f"Use at most {LONGEST_REASON:,} characters for the reason.")
    return reason.strip()


class Lifecycle(models.TextChoices):
    STABLE = "stable", "Stable"
    BETA = "beta", "Beta"
    DEPRECATED = "deprecated", "Deprecated"


def offered_to_teams(teams: Collection[int]) -> Q:
    """Contracts that are for every team, or belong to one of these."""
    return Q(owner__offers_to_all=True) | Q(owner__in=teams)


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, user: User | AnonymousUser) -> ContractQuerySet:
        """Contracts that the user may read: those offered to them, and those of their teams' instances.

        Withdrawn ones too, because their instances remain. Portal roles see all.
        """
        if sees_everything(user):
            return self
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        own = teams_with(user, Role.VIEWER)
        used = Contract.objects.filter(owner__offers_to_all=False, instances__team__in=own)
        return self.filter(offered_to_teams(own) | Q(pk__in=used.order_by().values("pk")))

    def offered_to(self, user: User | AnonymousUser) -> ContractQuerySet:
        """Contracts that the catalog shows this user; portal roles see all that are available."""
        if sees_everything(user):
            return self.available()
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        return self.available().filter(offered_to_teams(teams_with(user, Role.VIEWER)))

    def available(self) -> ContractQuerySet:
        """Published and not withdrawn."""
        return self.filter(withdrawn_at=None, revision__isnull=False)

    def matching(self, text: str) -> ContractQuerySet:
        """Contracts that contain every word of ``text`` (``search_words``) in one of the searched fields."""
        found = self
        for word in search_words(text):
            fields = ("name", "kind", "title", "description", "category", "owner__name")
            condition = Q()
            for field in fields:
                condition |= Q(**{f"{field}__icontains": word})
            found = found.filter(condition)
        return found


class Contract(models.Model):
    """The named, owned API that a platform team offers. Its columns repeat its latest revision, for lists."""

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
    # What the reconciler last reported about the generated kind: conditions in Kubernetes' format.
    conditions = models.JSONField(default=list, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["title", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "kind"], name="contract_kind_once"),
            models.UniqueConstraint(fields=["group", "plural"], name="contract_plural_once"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("contracts:detail", args=[self.name])

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}"

    @property
    def withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def topic(self) -> str:
        return f"contract.{self.pk}"

    def is_offered_to(self, team: Team | None) -> bool:
        """Whether instances may be created in namespaces of the team."""
        return self.owner.offers_to_all or (team is not None and team.pk == self.owner_id)

    def scope(self) -> Scope:
        return Scope("contract", self.name, team_id=self.owner_id)

    def withdraw(self, *, by: User | None, reason: str) -> None:
        """Hide it from the catalog; its instances remain. Idempotent.

        ``by`` None is an operator at the command line, who may leave the reason empty. For a user it raises
        ``PermissionDenied`` with the reason, and ``InvalidReason``.
        """
        self._change_availability(by=by, reason=reason, withdrawn=True)

    def reinstate(self, *, by: User | None, reason: str) -> None:
        """Make it available in the catalog again. Idempotent; raises as :meth:`withdraw` does."""
        self._change_availability(by=by, reason=reason, withdrawn=False)

    def _change_availability(self, *, by: User | None, reason: str, withdrawn: bool) -> None:
        verb = "withdrawn" if withdrawn else "reinstated"
        now = timezone.now()
        with transaction.atomic():
            by = hold_rights(by)
            self.refresh_from_db(from_queryset=Contract.objects.select_for_update())
            require(by, "withdraw", self)
            if by is not None or reason.strip():
                why = f"Enter a reason: users of this contract will want to know why it is {verb}."
                reason = checked_reason(reason, why)
            if self.withdrawn == withdrawn:
                return
            self.withdrawn_at, self.updated_at = now if withdrawn else None, now
            self.save(update_fields=["withdrawn_at", "updated_at"])
            record(f"contract.{verb}", subject=self, by=by, team_slug=self.owner.slug, reason=reason)
            self.announce()

    def announce(self, moment: str = "") -> None:
        """Make every page that shows this contract refresh, and the lists of those who may see it."""
        moment = moment or self.updated_at.isoformat()
        live.publish(self.topic, moment)
        live.publish("contracts", moment, to=self.audience())

    def audience(self) -> live.Audience | None:
        """Who may see it, as ``visible_to`` says; None if every user may."""
        if self.owner.offers_to_all:
            return None
        users = Contract.objects.filter(pk=self.pk, instances__team__isnull=False)
        teams = {self.owner_id, *users.order_by().values_list("instances__team", flat=True).distinct()}
        return [(team, Role.VIEWER) for team in sorted(teams)]


class Revision(models.Model):
    """One published, immutable version of a contract."""

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

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise RevisionIsImmutable(f"{self} is published and cannot be changed. Publish another revision.")
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("contracts:revision", args=[self.contract.name, self.number])


class GrantQuerySet(models.QuerySet["Grant"]):
    def active(self) -> GrantQuerySet:
        return self.filter(revoked_at=None)

    def of(self, name: str, owner: Team) -> GrantQuerySet:
        """Grants of the contract with this name while this team owns it."""
        return self.filter(contract_name=name, owner=owner)

    def keys(self) -> frozenset[str]:
        return frozenset(key for keys in self.values_list("keys", flat=True) for key in keys)


class Grant(models.Model):
    """The permission of a contract to reach beyond the default, given by a portal admin.

    It may be given before the first revision is published, so it has the contract's name. It holds for one
    owner: a name that another team takes, or a contract that passes to another team, has no grant.
    """

    contract_name = models.CharField(max_length=253)
    owner = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    # It was given for this revision; later ones are covered too.
    from_revision = models.PositiveIntegerField()
    keys = models.JSONField()  # canonical strings of reach entries, ``ReachEntry.key``
    descriptions = models.JSONField()  # those of the same entries, ``ReachEntry.description``
    reason = models.TextField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    given_by_name = models.CharField(max_length=150)
    given_at = models.DateTimeField(default=timezone.now)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    revoked_by_name = models.CharField(max_length=150, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.TextField(blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-given_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["contract_name", "owner"], name="grant_of_contract")]

    def __str__(self) -> str:
        return f"Grant {self.pk} of {self.contract_name}"

    @property
    def active(self) -> bool:
        return self.revoked_at is None


class Draft(models.Model):
    """A text in progress. It is not a revision: it may have errors, and the catalog does not show it."""

    contract = models.ForeignKey(Contract, models.CASCADE, null=True, blank=True, related_name="drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="contract_drafts")
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-updated_at"]

    def __str__(self) -> str:
        return f"Draft of {self.contract.name}" if self.contract else "Draft of a new contract"

    def get_absolute_url(self) -> str:
        return reverse("contracts:draft", args=[self.pk])

    def save_text(self, text: str, *, seen: str = "") -> Draft:
        """Save ``text`` and return the draft that holds it.

        ``seen`` is the ``version`` that the edit started from. When another window has saved since, or the
        draft was published and deleted, the text becomes a new draft: nothing is overwritten.
        """
        now = timezone.now()
        with transaction.atomic():
            stored = Draft.objects.select_for_update().filter(pk=self.pk, author=self.author).first()
            if stored is not None and stored.text == text:
                return stored
            if stored is None and (duplicate_of := self.duplicate_of(text)):
                return duplicate_of
            if stored is None or (seen and stored.version != seen):
                return Draft.objects.create(
                    contract=self.contract, author=self.author, text=text, updated_at=now
                )
            stored.text, stored.updated_at = text, now
            stored.save(update_fields=["text", "updated_at"])
            return stored

    def duplicate_of(self, text: str) -> Draft | None:
        """The draft that another request of the same page created from the same text a moment ago."""
        return Draft.objects.filter(author=self.author, contract=self.contract, text=text).first()

    @property
    def version(self) -> str:
        return self.updated_at.isoformat()


class KnownSchema(models.Model):
    """The last OpenAPI document of one group and version of a destination, for checks without a cluster."""

    destination = models.CharField(max_length=63)  # the destination's slug; its model is in a higher layer
    group_version = models.CharField(max_length=320)
    content_hash = models.CharField(max_length=128)
    document = models.JSONField()
    kinds = models.JSONField(default=list)  # [{kind, plural, namespaced, owner or contract}]
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["destination", "group_version"], name="schema_once_per_destination"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group_version} at {self.destination}"
