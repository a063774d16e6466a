"""Sign-ins in the audit log: who, from which address; neither a password nor what was typed as a name.

Anybody can cause failures, so the log keeps only some of them per user and hour.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Entry

MOST, WITHIN = 20, timedelta(hours=1)  # entries of one verb about one user
UNKNOWN = "an unknown user"  # all names that no user has are one: a password may have been typed


def record_sign_in(verb: str, user: User | None, address: str) -> None:
    """``verb``: ``user.signed_in``, ``.signed_out``, ``.sign_in_failed`` or ``.sign_in_throttled``."""
    now = timezone.now()
    subject_id = str(user.pk) if user else ""
    recent = Entry.objects.filter(verb=verb, subject_type="user", subject_id=subject_id, at__gt=now - WITHIN)
    already = recent.count()
    if already >= MOST:
        return
    acted = user if verb in ("user.signed_in", "user.signed_out") else None
    Entry.objects.create(
        at=now,
        actor=acted,
        actor_name=acted.username if acted else "anonymous",
        verb=verb,
        subject_type="user",
        subject_id=subject_id,
        subject_name=user.username if user else UNKNOWN,
        detail={"address": address}
        | ({"further": "not recorded for an hour"} if already == MOST - 1 else {}),
    )
