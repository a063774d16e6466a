"""Passwords: temporary ones, those that everybody knows, and what ends when one is changed.

Nothing here stores or logs a password. ``by`` None is an operator at the command line.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.demo import DEMO_ACCOUNTS
from portal.accounts.models import User
from portal.accounts.permission import PLATFORM
from portal.accounts.rights import hold_rights, lock_rights, require
from portal.audit.record import record

KNOWN = frozenset(account.password for account in DEMO_ACCOUNTS)
# No character that looks like another one, as it may be read aloud or written down.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 5  # 99 bits


class Backend(ModelBackend):
    """Refuses the passwords of the demo elsewhere, whatever database is used."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        if password in KNOWN and not settings.DEMO:
            return None
        found = super().authenticate(request, username, password, **more)
        return found if isinstance(found, User) else None


class KnownPasswordValidator:
    """A setting of ``AUTH_PASSWORD_VALIDATORS``."""

    def validate(self, password: str, user: User | None = None) -> None:
        if password in KNOWN:
            raise ValidationError("This password is in the documentation. Choose another.", "known")

    def get_help_text(self) -> str:
        return "Not a password of the demo."


def set_temporary_password(user: User, *, by: User | None) -> str:
    """Replace the password by one that must be changed at the next sign-in. Returns it; it is not stored.

    Ends the sessions and revokes the tokens of the user. Raises ``PermissionDenied`` with the reason.
    """
    with transaction.atomic():
        require(lock_rights(by), "administer", PLATFORM)
        user.refresh_from_db()
        password = put_temporary_password(user)
        user.save()
        record("user.password_reset", subject=user, by=by)
    return password


def put_temporary_password(user: User) -> str:
    """Set it on the object, which is not saved. Returns the password."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    password = "-".join(groups)
    user.set_password(password)
    user.temporary_until = timezone.now() + timedelta(hours=settings.TEMPORARY_PASSWORD_HOURS)
    return password


def change_own_password(user: User, password: str) -> User:
    """Ends the other sessions and revokes the tokens. Raises ``PermissionDenied`` for an inactive user."""
    with transaction.atomic():
        found = hold_rights(user)
        found.set_password(password)
        found.temporary_until = None
        found.save(update_fields=["password", "temporary_until"])
        record("user.password_changed", subject=found, by=found)
    return found
