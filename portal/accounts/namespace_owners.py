"""The owner of a namespace: a signal when it changes, and a lock for code that saves what it has read of it.

Rows of other apps repeat the owner for their filters. Code that creates such a row calls
:func:`hold_namespace_owners` first, so that a row created during a hand-over ends with the new owner. The
same lock holds the roles of users (``portal.accounts.rights``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.dispatch import Signal

from portal.advisory_locks import advisory_lock

if TYPE_CHECKING:
    from portal.accounts.models import Team, User

LOCK_KEY = 0x736C7761  # one for all rights, so that there is no deadlock

# Sent in the transaction of the change, with ``instance`` (the TeamNamespace) and ``change`` (OwnerChange).
namespace_owner_changed = Signal()


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """``None`` stands for no team; ``by`` is None when no user of the portal made the change."""

    namespace: str
    before: Team | None
    after: Team | None
    by: User | None = None


def hold_namespace_owners() -> None:
    """Until the transaction ends, no namespace changes its owner, and no role changes.

    Call it before locking any row.
    """
    advisory_lock(LOCK_KEY, shared=True)


def lock_namespace_owners() -> None:
    """Wait for everyone who holds the owners, and keep others out until the transaction ends."""
    advisory_lock(LOCK_KEY)
