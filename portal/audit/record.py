"""Adds an entry to the audit log. Call it in the transaction of the change that it records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from django.db.models import Model

from portal.accounts.models import User
from portal.audit.models import Entry


class Explanation(TypedDict, total=False):
    reason: str
    detail: Mapping[str, Any]  # small facts, never the value of a Secret


def record(
    verb: str, *, subject: Model, by: User | None, team_slug: str = "", **explanation: Unpack[Explanation]
) -> Entry:
    """``verb``: ``<subject type>.<past tense>``, e.g. ``contract.published``. ``by``: None for Slipway."""
    return Entry.objects.create(
        actor=by,
        actor_name=by.username if by else "slipway",
        verb=verb,
        subject_type=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        subject_name=str(subject),
        team_slug=team_slug,
        reason=explanation.get("reason", ""),
        detail=dict(explanation.get("detail", {})),
    )
