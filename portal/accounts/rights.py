"""Rights at the moment of a write.

A view checks permission with what it has read, so that it can answer with a page. Until it writes, a role, an
account or the owner of a namespace may change. So the transaction that writes begins with
:func:`hold_rights`, and checks again with the user that it returns.

``None`` in place of a user is an operator at the command line, who may do everything.
"""

from __future__ import annotations

from typing import overload

from django.core.exceptions import PermissionDenied

from portal.accounts.models import User
from portal.accounts.namespace_owners import hold_namespace_owners, lock_namespace_owners
from portal.accounts.permission import can
from portal.accounts.scope import Scoped


@overload
def hold_rights(user: User) -> User: ...
@overload
def hold_rights(user: User | None) -> User | None: ...
def hold_rights(user: User | None) -> User | None:
    """The user with the roles of this moment. Call it in a transaction, before locking any row.

    Until the transaction ends, no role changes, and no namespace its owner. Raises ``PermissionDenied`` for
    an account that was deactivated or deleted meanwhile.
    """
    hold_namespace_owners()
    return _as_of_now(user)


@overload
def lock_rights(user: User) -> User: ...
@overload
def lock_rights(user: User | None) -> User | None: ...
def lock_rights(user: User | None) -> User | None:
    """As :func:`hold_rights`, for a transaction that changes rights: it waits for all that hold them."""
    lock_namespace_owners()
    return _as_of_now(user)


def _as_of_now(user: User | None) -> User | None:
    if user is None:
        return None
    found = User.objects.filter(pk=user.pk).first()
    if found is None or not found.is_active:
        raise PermissionDenied("Your account was deactivated or deleted.")
    return found


def require(user: User | None, verb: str, subject: Scoped) -> None:
    """Raises ``PermissionDenied`` with the reason."""
    if user is not None and not (decision := can(user, verb, subject)):
        raise PermissionDenied(decision.reason)
