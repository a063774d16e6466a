"""Write a line of the audit log. Call it inside the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from portal.accounts.models import User
from portal.audit.models import Entry


def record(
    verb: str,
    *,
    subject: Model,
    by: User | None,
    team_slug: str = "",
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Entry:
    """``verb`` is ``<subject type>.<past tense>``, such as ``contract.published``. ``by`` None: Slipway
    itself."""
    return Entry.objects.create(
        actor=by,
        actor_name=by.username if by else "slipway",
        verb=verb,
        subject_type=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        subject_name=str(subject),
        team_slug=team_slug,
        reason=reason,
        detail=dict(detail or {}),
    )
