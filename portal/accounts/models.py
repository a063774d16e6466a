"""Users, teams and their members, the namespaces of teams, and API tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver
from django.utils import timezone

from portal.accounts.namespace_owners import OwnerChange, lock_namespace_owners, namespace_owner_changed
from portal.accounts.scope import Scope

dns_label = RegexValidator(
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
    "Use at most 63 lowercase letters, digits and hyphens. Start and end with a letter or a digit.",
)


class Role(models.TextChoices):
    """The roles of a team's members, from least to most. Each counts only in that team."""

    VIEWER = "viewer", "Viewer"
    DEVELOPER = "developer", "Developer"
    ENGINEER = "engineer", "Engineer"
    ADMIN = "team-admin", "Team admin"


class PortalRole(models.TextChoices):
    """The roles in the whole portal, from least to most. They belong to the user and need no team."""

    NONE = "", "None"
    ENGINEER = "engineer", "Platform engineer"
    ADMIN = "admin", "Portal admin"


class UserManager(DjangoUserManager["User"]):
    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> User:
        """A superuser is a portal admin. Only the portal role counts, not ``is_superuser``."""
        extra_fields.setdefault("portal_role", PortalRole.ADMIN)
        return super().create_superuser(username, email, password, **extra_fields)


class User(AbstractUser):
    """A user who can sign in."""

    portal_role = models.CharField(max_length=20, choices=PortalRole, default=PortalRole.NONE, blank=True)
    # Set while the password is a temporary one: when it expires. Until it is changed, no other page opens.
    temporary_until = models.DateTimeField(null=True, editable=False)
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)  # how often all were
    teams: models.ManyToManyField[Team, Membership] = models.ManyToManyField(
        "Team", through="Membership", related_name="members"
    )

    objects: ClassVar[UserManager] = UserManager()

    _password: str | None  # Django's: the new password until it is saved

    def save(self, *args: Any, **options: Any) -> None:
        """With a new password, or without the right to sign in, the tokens and the sessions end.

        A session depends on the password (Django), a token on nothing: it is deleted. A hash that Django
        renews at a sign-in is no new password.
        """
        fields = options.get("update_fields")
        deactivated = not self.is_active and (fields is None or "is_active" in fields)
        with transaction.atomic():
            if fields is None or {"portal_role", "is_active"}.intersection(fields):
                lock_namespace_owners()
            if self.pk and (deactivated or self._password is not None):
                self.api_tokens.all().delete()
            if deactivated:
                self.sessions_ended += 1
                if fields is not None:
                    options["update_fields"] = {*fields, "sessions_ended"}
            super().save(*args, **options)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session ends when this changes. Until all were ended once, it is Django's."""
        found: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return f"{found}-{self.sessions_ended}" if self.sessions_ended else found

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username


class Team(models.Model):
    slug = models.SlugField(unique=True, max_length=63, validators=[dns_label])
    name = models.CharField(max_length=100)
    # Whether every team may use its contracts; otherwise only the team itself may. Portal admins set it.
    offers_to_all = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def scope(self) -> Scope:
        return Scope("team", self.name, team_id=self.pk)


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role, default=Role.DEVELOPER)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "team"], name="membership_once_per_team")
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} of {self.team}"

    def save(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            lock_namespace_owners()
            super().save(*args, **options)


class TeamNamespaceQuerySet(models.QuerySet["TeamNamespace"]):
    """Bulk operations report changes of owners, too."""

    def update(self, **values: Any) -> int:
        with transaction.atomic():
            lock_namespace_owners()
            rows = list(self)
            for row in rows:
                for field, value in values.items():
                    setattr(row, field, value)
                row.save(update_fields=list(values))
        return len(rows)

    def bulk_update(
        self, objs: Iterable[TeamNamespace], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        rows = list(objs)
        with transaction.atomic():
            for row in rows:
                row.save(update_fields=list(fields))
        return len(rows)

    def bulk_create(self, objs: Iterable[TeamNamespace], *args: Any, **options: Any) -> list[TeamNamespace]:
        rows = list(objs)
        named = self.model._default_manager.select_related("team").filter(name__in=[row.name for row in rows])
        with transaction.atomic():
            lock_namespace_owners()
            before = {row.name: row for row in named.all()}
            created = super().bulk_create(rows, *args, **options)
            for row in named.all():
                announce_owner(row, before.get(row.name), row)
        return created


class TeamNamespace(models.Model):
    """A namespace that belongs to exactly one team.

    Every way to change the owner sends ``namespace_owner_changed`` in its transaction.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="namespaces")
    name = models.CharField(max_length=63, unique=True, validators=[dns_label])

    objects = TeamNamespaceQuerySet.as_manager()
    changed_by: User | None = None  # not a field: the user who saves or deletes it, for the audit log

    class Meta:
        ordering: ClassVar = ["name"]
        base_manager_name = "objects"  # related managers move rows with its update()

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            lock_namespace_owners()
            stored = TeamNamespace.objects.select_related("team")
            before = stored.filter(pk=self.pk).first()
            super().save(*args, **options)
            announce_owner(self, before, stored.get(pk=self.pk))


def announce_owner(row: TeamNamespace, before: TeamNamespace | None, after: TeamNamespace | None) -> None:
    """Send the signal for each name whose owner differs; a renamed row has two names."""
    for name in dict.fromkeys(one.name for one in (before, after) if one is not None):
        old = before.team if before is not None and before.name == name else None
        new = after.team if after is not None and after.name == name else None
        if old != new:
            change = OwnerChange(name, old, new, row.changed_by)
            namespace_owner_changed.send(TeamNamespace, instance=row, change=change)


@receiver(pre_delete, sender=Membership)
@receiver(pre_delete, sender=TeamNamespace)
def lock_before_deletion(**_: Any) -> None:
    lock_namespace_owners()


@receiver(post_delete, sender=TeamNamespace)
def announce_deletion(instance: TeamNamespace, **_: Any) -> None:
    """Also when its team is deleted."""
    announce_owner(instance, instance, None)


class APIToken(models.Model):
    """A token for the API. Only its SHA-256 digest is stored; the text is shown once, on creation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User, name: str) -> tuple[APIToken, str]:
        """Create a token. Returns it with its text, which cannot be read again."""
        text = f"slw_{secrets.token_urlsafe(32)}"
        return cls.objects.create(user=user, name=name, digest=cls.digest_of(text)), text


class SignInFailure(models.Model):
    """A failed sign-in attempt, deleted after some minutes (``throttle.py``)."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "-at"], name="sign_in_failure_of_key")]

    def __str__(self) -> str:
        return f"{self.key[:8]} at {self.at}"
