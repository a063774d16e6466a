"""Creates, deactivates and reactivates users. ``by`` None is an operator at the command line."""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import PortalRole, User
from portal.accounts.passwords import put_temporary_password
from portal.accounts.permission import PLATFORM
from portal.accounts.portal_roles import LastPortalAdmin, portal_admins
from portal.accounts.rights import lock_rights, require
from portal.audit.record import record

FIRST_ADMIN = "portal-admin"


@transaction.atomic
def create_user(user: User, *, by: User | None) -> str:
    """Save a new user. Returns the temporary password. Raises ``PermissionDenied`` with the reason."""
    require(lock_rights(by), "administer", PLATFORM)
    password = put_temporary_password(user)
    user.save()
    detail = {"role": PortalRole(user.portal_role).value}
    record("user.created", subject=user, by=by, detail=detail)
    return password


@transaction.atomic
def set_active(user: User, active: bool, *, by: User | None) -> bool:
    """Let the user sign in, or end everything that acts for them. Returns whether that changed.

    Raises ``PermissionDenied`` with the reason, and :class:`LastPortalAdmin`.
    """
    require(lock_rights(by), "administer", PLATFORM)
    user.refresh_from_db()
    if user.is_active == active:
        return False
    if not active and set(portal_admins().values_list("pk", flat=True)) == {user.pk}:
        raise LastPortalAdmin("This is the last portal admin. Make another user a portal admin first.")
    user.is_active = active
    user.save(update_fields=["is_active"])
    record("user.reactivated" if active else "user.deactivated", subject=user, by=by)
    return True


@transaction.atomic
def create_first_admin(username: str = FIRST_ADMIN) -> tuple[User, str] | None:
    """The user and the temporary password; None if a portal admin can sign in. Raises ``UsernameTaken``."""
    lock_rights(None)
    if portal_admins().exists():
        return None
    if User.objects.filter(username__iexact=username).exists():
        raise UsernameTaken(f"User “{username}” exists already. Choose another username.")
    user = User(username=username, portal_role=PortalRole.ADMIN)
    return user, create_user(user, by=None)


class UsernameTaken(ValueError):
    """Another user has this username."""
