"""Users, teams and their members, the namespaces of teams, and API tokens."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

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
    teams: models.ManyToManyField[Team, Membership] = models.ManyToManyField(
        "Team", through="Membership", related_name="members"
    )

    objects: ClassVar[UserManager] = UserManager()

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


class TeamNamespace(models.Model):
    """A namespace that belongs to exactly one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="namespaces")
    name = models.CharField(max_length=63, unique=True, validators=[dns_label])

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


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
