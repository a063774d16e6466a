"""Objects that a creation made after it had ended: its request reached the API server late.

A request that was sent can arrive after its process died, or after its connection was given up. Meanwhile the
change was delivered by another request, or was cancelled, refused or superseded by a deletion that found
nothing to delete. The object that it creates then is wanted by no change; it is deleted when it is observed,
before anything is applied for it. Its creation's annotation names the change, and the change has the uid of
the object that it is known to have created.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from catalog.models import Action, Change, ChangeState
from catalog.models.change import OPEN
from portal.audit.models import Entry
from portal.audit.record import record
from reconciler.objects.accessors import Manifest, annotations_of, metadata_of
from reconciler.objects.names import CHANGE, INSTANCE_MANAGER

ROUNDING = timedelta(seconds=2)  # both times are whole seconds, taken at two moments of one request


def creation_named_by(live: Manifest) -> str:
    """The token of the change whose request created the object; empty for an object that others created.

    A backup that is restored, or a copy that is applied with kubectl, has the annotation too, but no fields
    that Slipway has applied since it was created.
    """
    created = _moment(metadata_of(live).get("creationTimestamp"))
    own = [
        _moment(entry.get("time"))
        for entry in metadata_of(live).get("managedFields") or ()
        if entry.get("manager") == INSTANCE_MANAGER and entry.get("operation") == "Apply"
    ]
    is_ours = any(created and applied and applied >= created - ROUNDING for applied in own)
    return annotations_of(live).get(CHANGE, "") if is_ours else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def is_late(state: str, uid: str, live_uid: str) -> bool:
    """``state`` and ``uid``: of the creation. Without a uid, it is not known to have created an object."""
    if state in OPEN:
        return False
    return uid != live_uid if uid else state != ChangeState.DELIVERED


def note_late_creation(token: str, live_uid: str) -> bool:
    """Whether the object was created by a request of this change that arrived late, so that it is deleted.

    Then the audit log has an entry, one for each object. Call it in the database thread.
    """
    key = token.partition("-")[0]
    if not key.isdecimal():
        return False
    change = Change.objects.select_related("team").filter(pk=int(key), action=Action.CREATE).first()
    if change is None or change.token != token:  # of another portal
        return False
    if not is_late(change.state, change.uid, live_uid):
        return False
    detail = {"uid": live_uid}
    if not Entry.objects.filter(verb="change.undone", subject_id=str(change.pk), detail=detail).exists():
        team_slug = change.team.slug if change.team else ""
        reason = "its request reached the cluster after the change had ended"
        record("change.undone", subject=change, by=None, team_slug=team_slug, reason=reason, detail=detail)
    return True
