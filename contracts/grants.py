"""Grants: a portal admin permits a contract to reach beyond its instances' namespaces, or revokes that."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from contracts.compiler import Reach
from contracts.models import Contract, Grant, checked_reason
from portal.accounts.models import Team, User
from portal.accounts.rights import lock_rights, require
from portal.audit.record import record

OPERATOR = "slipway"
grant_revoked = Signal()
"""Sent in the transaction of a revocation; the sender is the grant. What it let show must not be shown."""


def granted_keys(name: str, owner: Team) -> frozenset[str]:
    """The canonical strings of every reach entry that the contract's active grants permit."""
    return Grant.objects.of(name, owner).active().keys()


def all_granted_keys() -> dict[tuple[str, int], frozenset[str]]:
    """:func:`granted_keys` of every contract that has any, by its name and its owner's key. One query."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    for name, owner, keys in Grant.objects.active().values_list("contract_name", "owner", "keys"):
        found[name, owner] = found.get((name, owner), frozenset()) | frozenset(keys)
    return found


@transaction.atomic
def give(contract: Contract, reach: Reach, *, by: User | None, reason: str) -> Grant | None:
    """Grant what is not granted yet of ``reach``; None when nothing is missing.

    The contract may be unsaved: then it is about to be published. ``by`` None is an operator at the command
    line. Raises ``PermissionDenied`` with the reason, and ``InvalidReason``.
    """
    by = check(contract, by)
    why = checked_reason(reason, "Enter a reason: it is recorded why the contract may reach this far.")
    missing = reach.exceeds(granted_keys(contract.name, contract.owner))
    if not missing:
        return None
    grant = Grant.objects.create(
        contract_name=contract.name,
        owner=contract.owner,
        from_revision=contract.revision.number + 1 if contract.revision else 1,
        keys=sorted({entry.key for entry in missing}),
        descriptions=list(dict.fromkeys(entry.description for entry in missing)),
        reason=why,
        given_by=by,
        given_by_name=by.username if by else OPERATOR,
    )
    note(grant, "given", by, grant.reason)
    return grant


@transaction.atomic
def revoke(grant: Grant, *, by: User | None, reason: str) -> bool:
    """End a grant. Returns whether it was active. Raises as :func:`give` does.

    Revisions remain published; another one with the same reach needs a new grant.
    """
    contract = Contract(name=grant.contract_name, owner=grant.owner)
    by = check(contract, by)
    why = checked_reason(reason, "Enter a reason: the contract's owners will want to know it.")
    revocation = {
        "revoked_at": timezone.now(),
        "revoked_by": by,
        "revoked_by_name": by.username if by else OPERATOR,
        "revocation_reason": why,
    }
    if not Grant.objects.active().filter(pk=grant.pk).update(**revocation):
        return False
    grant.refresh_from_db()
    grant_revoked.send(grant)
    note(grant, "revoked", by, grant.revocation_reason)
    return True


def check(contract: Contract, by: User | None) -> User | None:
    """The user with the roles of this moment. Grants are rights: one transaction at a time changes them."""
    by = lock_rights(by)
    require(by, "grant", contract)
    return by


def note(grant: Grant, what: str, by: User | None, reason: str) -> None:
    """Record it, and refresh the contract's pages; the contract may not be published yet."""
    detail = {"contract": grant.contract_name, "revision": grant.from_revision, "reach": grant.descriptions}
    record(f"grant.{what}", subject=grant, by=by, team_slug=grant.owner.slug, reason=reason, detail=detail)
    contract = Contract.objects.filter(name=grant.contract_name, owner=grant.owner).first()
    if contract is not None:
        contract.updated_at = timezone.now()
        contract.save(update_fields=["updated_at"])
        contract.announce()
