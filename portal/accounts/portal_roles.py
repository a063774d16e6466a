"""Sets portal roles. The portal always keeps an active portal admin, and every change is in the audit log."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from portal.accounts.models import PortalRole, User
from portal.accounts.permission import PLATFORM
from portal.accounts.rights import lock_rights, require
from portal.audit.record import record


class LastPortalAdmin(ValueError):
    """Without this user, the portal would have no portal admin."""


def portal_admins() -> QuerySet[User]:
    """Portal admins who can sign in."""
    return User.objects.filter(portal_role=PortalRole.ADMIN, is_active=True)


@transaction.atomic
def set_portal_role(user: User, role: PortalRole, *, by: User | None) -> bool:
    """Give the user this portal role instead of their present one. Returns whether it changed.

    ``by`` None is an operator at the command line. Raises ``PermissionDenied`` with the reason, and
    :class:`LastPortalAdmin`.
    """
    # Two admins who demote each other at once must not both succeed: the second one waits for the first.
    require(lock_rights(by), "administer", PLATFORM)
    admins = set(portal_admins().values_list("pk", flat=True))
    user.refresh_from_db(fields=["portal_role"])
    before = user.portal_role
    if before == role:
        return False
    if admins == {user.pk}:
        raise LastPortalAdmin("This is the last portal admin. Make another user a portal admin first.")
    user.portal_role = role
    user.save(update_fields=["portal_role"])
    record("user.portal_role_changed", subject=user, by=by, detail={"role": role.value, "before": before})
    return True
