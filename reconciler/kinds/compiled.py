"""The published contracts: rows → compiled definitions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from django.utils import timezone

from contracts.grants import all_granted_keys
from contracts.known_kinds import compile_known
from contracts.models import KIND_READY, Contract, Revision
from contracts.runtime import withhold
from contracts.runtime.bounds import granted_entries
from portal.accounts.models import TeamNamespace
from portal.audit.record import record
from reconciler.cache.contracts import CompiledContract, PublishedRevision

log = logging.getLogger("slipway.reconciler")


def published_contracts() -> list[PublishedRevision]:
    granted = all_granted_keys()
    rows = Contract.objects.filter(revision__isnull=False).select_related("revision", "owner")
    return [
        PublishedRevision(
            contract=row.pk,
            name=row.name,
            group=row.group,
            version=row.version,
            kind=row.kind,
            plural=row.plural,
            namespaced=row.namespaced,
            revision=row.revision.pk,
            number=row.revision.number,
            digest=row.revision.digest,
            withdrawn=row.withdrawn,
            owner=row.owner.slug,
            granted=granted.get((row.name, row.owner_id), frozenset()),
        )
        for row in rows
        if row.revision is not None
    ]


def teams_of_namespaces() -> dict[str, str]:
    """Namespace → the slug of the team that owns it."""
    return dict(TeamNamespace.objects.values_list("name", "team__slug"))


def compile_contract(published: PublishedRevision) -> CompiledContract:
    """Compile with every kind that this portal knows. Reads rows: call it in the database thread."""
    text = Revision.objects.values_list("text", flat=True).get(pk=published.revision)
    compilation = compile_known(text)
    if compilation.runnable is None:
        problem = "; ".join(str(one) for one in compilation.problems if one.is_error)
        log.error(
            "Revision %s of the contract %s does not compile: %s", published.number, published.name, problem
        )
        return CompiledContract(published, None, problem)
    definition = withhold(compilation.runnable, published.granted)
    granted = granted_entries(definition, published.granted)
    return CompiledContract(published, definition, adopt=compilation.presentation.adopt, granted=granted)


def kind_ready(conditions: Sequence[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The condition of a contract's row that says whether its kind is served."""
    return next((one for one in conditions if one["type"] == KIND_READY), None)


def kind_problem(conditions: Sequence[Mapping[str, str]]) -> str:
    """What a platform engineer must fix before the kind is served; empty while it is being established."""
    ready = kind_ready(conditions)
    if ready is None or ready["status"] == "True" or ready["reason"] == "Establishing":
        return ""
    return ready["message"]


def record_recreation(contract: int, instances: int) -> None:
    """Record that the definition was deleted in the cluster, and its instances with it, and created again."""
    row = Contract.objects.select_related("owner").filter(pk=contract).first()
    if row is not None:
        detail = {"instances deleted": instances}
        reason = "its definition was deleted in the cluster"
        team = row.owner.slug
        record("contract.kind_recreated", subject=row, by=None, team_slug=team, reason=reason, detail=detail)


def save_condition(contract: int, status: str, reason: str, message: str) -> None:
    """Save on the contract's row whether its kind is served."""
    row = Contract.objects.select_related("owner").filter(pk=contract).first()
    if row is None:
        return
    now = timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    old = kind_ready(row.conditions)
    if old and (old["status"], old["reason"], old["message"]) == (status, reason, message):
        return
    since = old["lastTransitionTime"] if old and old["status"] == status else now
    condition = {
        "type": KIND_READY,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since,
    }
    others = [one for one in row.conditions if one["type"] != KIND_READY]
    Contract.objects.filter(pk=contract).update(conditions=[*others, condition])
    row.announce(now)
