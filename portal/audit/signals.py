"""Records that a namespace got another owner, whatever changed it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from portal.accounts.models import TeamNamespace
from portal.accounts.namespace_owners import OwnerChange, namespace_owner_changed
from portal.audit.record import record


@receiver(namespace_owner_changed)
def record_owner(instance: TeamNamespace, change: OwnerChange, **_: Any) -> None:
    """One entry for each of the two teams, as the team of an entry decides who reads it."""
    if change.before is None and change.by is None:  # set up by a command, not taken from any team
        return
    before, after = change.before, change.after
    verb = "namespace.assigned" if before is None else "namespace.moved" if after else "namespace.released"
    detail = {
        "namespace": change.namespace,
        "from": before.slug if before else "",
        "to": after.slug if after else "",
    }
    for team in (before, after):
        if team is not None:
            record(verb, subject=instance, by=change.by, team_slug=team.slug, detail=detail)
