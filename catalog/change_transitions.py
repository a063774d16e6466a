"""The life of a change: its states, and the transitions between them. No other code sets the state.

Each transition locks the instance and the change, checks the table, and writes the state with an entry in
the audit log. Of each instance at most one change is past ``Approved``; further ones wait for it in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from catalog.models.change import OPEN, STARTED, Action, Change, ChangeState, WaitReason
from catalog.models.instance import Instance
from portal.accounts.models import User
from portal.audit.record import record
from portal.live.publish import publish

_S = ChangeState


class Transition(NamedTuple):
    sources: frozenset[ChangeState]
    target: ChangeState
    reason: str = ""  # with target WAITING
    waits: frozenset[WaitReason] = frozenset(WaitReason)  # with source WAITING


def _from(*sources: ChangeState) -> frozenset[ChangeState]:
    return frozenset(sources)


TRANSITIONS: Mapping[str, Transition] = {
    "wait_for_approval": Transition(_from(_S.WAITING, _S.APPROVED), _S.WAITING, WaitReason.APPROVAL),
    "wait_for_window": Transition(_from(_S.WAITING, _S.APPROVED), _S.WAITING, WaitReason.WINDOW),
    "wait_for_cluster": Transition(
        _from(_S.WAITING, _S.APPROVED, _S.DELIVERING), _S.WAITING, WaitReason.CLUSTER
    ),
    "wait_for_schema": Transition(
        _from(_S.WAITING, _S.APPROVED, _S.DELIVERING), _S.WAITING, WaitReason.SCHEMA
    ),
    "approve": Transition(_from(_S.WAITING), _S.APPROVED),
    "start_delivery": Transition(
        _from(_S.WAITING, _S.APPROVED, _S.DELIVERING),
        _S.DELIVERING,
        waits=frozenset((WaitReason.CLUSTER, WaitReason.SCHEMA)),
    ),
    "commit": Transition(_from(_S.DELIVERING), _S.COMMITTED),
    "merge": Transition(_from(_S.COMMITTED), _S.MERGED),
    "finish": Transition(_from(*OPEN), _S.DELIVERED),
    "refuse": Transition(_from(*OPEN), _S.REFUSED),
    "expire": Transition(_from(_S.WAITING, _S.APPROVED), _S.EXPIRED),
    "cancel": Transition(_from(_S.WAITING, _S.APPROVED), _S.CANCELLED),
    "supersede": Transition(_from(_S.WAITING, _S.APPROVED), _S.SUPERSEDED),
    "fail": Transition(_from(*OPEN), _S.FAILED),
    "retry": Transition(_from(_S.REFUSED, _S.FAILED), _S.APPROVED),
}


class TransitionNotAllowed(Exception):
    """The change is in a state from which this transition does not start."""

    def __init__(self, change: Change, transition: str) -> None:
        self.change = change
        late = f"it is too late to {transition.replace('_', ' ')} it"
        super().__init__(f"{change} is {change.state_text.lower()}; {late}.")


# -- requested ------------------------------------------------------------------------------------------


def request(change: Change) -> None:
    """Save a new change: approved, or waiting for the open changes of its instance.

    A deletion waits only for a change that is past ``Approved``. The caller holds the lock of the instance.
    """
    assert change.instance is not None
    ahead = change.instance.changes.filter(state__in=STARTED if change.action == Action.DELETE else OPEN)
    if ahead.exists():
        change.state, change.reason = ChangeState.WAITING, WaitReason.PREDECESSOR
    else:
        change.state, change.reason = ChangeState.APPROVED, ""
    change.save()
    publish("changes", str(change.pk))


# -- waiting and approved -------------------------------------------------------------------------------


def wait_for_approval(change: Change, message: str = "") -> None:
    _move(change, "wait_for_approval", message=message)


def wait_for_window(change: Change, message: str = "") -> None:
    _move(change, "wait_for_window", message=message)


def wait_for_cluster(change: Change, message: str) -> None:
    """The cluster is unreachable, or it cannot take the change now. It is delivered again."""
    _move(change, "wait_for_cluster", message=message, attempts=_attempts(change), lacks_fields_since=None)


def wait_for_schema(change: Change, message: str, lacks_fields_since: datetime | None = None) -> None:
    """The cluster does not serve the kind, or not all of its fields. It is delivered again."""
    fields: dict[str, Any] = {"attempts": _attempts(change), "lacks_fields_since": lacks_fields_since}
    _move(change, "wait_for_schema", message=message, **fields)


def _attempts(change: Change) -> int:
    """A delivery that has started is counted already."""
    return change.attempts + (change.state != ChangeState.DELIVERING)


def approve(change: Change) -> None:
    _move(change, "approve")
    publish("changes", str(change.pk))


# -- delivered ------------------------------------------------------------------------------------------


def start_delivery(change: Change) -> None:
    """Before the first request to the cluster that writes. A change that is found here after a crash is
    delivered again.
    """
    fields: dict[str, Any] = {"message": change.message, "attempts": change.attempts + 1}
    started = change.delivery_started_at or timezone.now()
    _move(change, "start_delivery", delivery_started_at=started, **fields)


def commit(change: Change) -> None:
    _move(change, "commit")


def merge(change: Change) -> None:
    _move(change, "merge")


def finish(change: Change, message: str = "") -> None:
    """It was observed in the cluster."""
    _end(change, "finish", message=message)


# -- ended in another way -------------------------------------------------------------------------------


def refuse(change: Change, message: str, causes: Sequence[Mapping[str, Any]] = ()) -> None:
    """``causes``: [{field, message}]."""
    _end(change, "refuse", message=message, causes=[dict(cause) for cause in causes])


def expire(change: Change, message: str = "") -> None:
    _end(change, "expire", message=message)


def cancel(change: Change, *, by: User) -> None:
    _end(change, "cancel", by=by, message="")


def supersede(change: Change, successor: Change) -> None:
    _end(change, "supersede", by=successor.author, message="", successor=successor)


def fail(change: Change, step: str, message: str) -> None:
    """``step``: what was being done, such as the name of a step outside of the cluster."""
    _end(change, "fail", message=message, failed_step=step[:100])


def retry(change: Change, *, by: User) -> None:
    """Deliver a refused change again, as it is."""
    fields: dict[str, Any] = {"attempts": 0, "message": "", "causes": [], "decided_at": None}
    fields |= {"failed_step": "", "lacks_fields_since": None}
    with transaction.atomic():
        _move(change, "retry", by=by, **fields)
        if change.instance is not None and change.instance.changes.open().exclude(pk=change.pk).exists():
            change.state, change.reason = ChangeState.WAITING, WaitReason.PREDECESSOR
            change.save(update_fields=["state", "reason"])
        publish("changes", str(change.pk))


# -- what all of them share -----------------------------------------------------------------------------


def _end(change: Change, name: str, *, by: User | None = None, **fields: Any) -> None:
    """A transition after which the next change of the instance may follow."""
    with transaction.atomic():
        _move(change, name, by=by, decided_at=timezone.now(), **fields)
        queue = change.instance.changes.open() if change.instance is not None else Change.objects.none()
        first = queue.order_by("created_at", "pk").first()
        if first is not None and first.reason == WaitReason.PREDECESSOR:
            approve(first)


def _move(change: Change, name: str, *, by: User | None = None, **fields: Any) -> None:
    """Carry the transition out on the row and on ``change``. Raises :class:`TransitionNotAllowed`."""
    transition = TRANSITIONS[name]
    with transaction.atomic():
        before = _locked(change)
        waits_for_other = before.state == ChangeState.WAITING and before.reason not in transition.waits
        if before.state not in transition.sources or waits_for_other:
            raise TransitionNotAllowed(before, name)
        values = {"state": transition.target, "reason": transition.reason, "message": "", **fields}
        for field, value in values.items():
            setattr(change, field, value)
        change.save(update_fields=list(values))
        if _is_news(before, change):
            _record(before, change, name, by)
            if change.instance is not None:
                change.instance.touch()


def _locked(change: Change) -> Change:
    """The row as it is now. The instance is locked first, as everywhere, so that there is no deadlock."""
    if change.instance_id is not None:
        list(Instance.objects.select_for_update().filter(pk=change.instance_id).values_list("pk"))
    return Change.objects.select_for_update().get(pk=change.pk)


def _is_news(before: Change, after: Change) -> bool:
    """Whether pages and the audit log show it. Attempts that end alike are shown once."""
    if before.delivery_started_at and after.state == ChangeState.DELIVERING:
        return False
    if after.state == ChangeState.WAITING and before.state in (ChangeState.DELIVERING, ChangeState.WAITING):
        return before.message != after.message
    return True


def _record(before: Change, after: Change, name: str, by: User | None) -> None:
    detail = {"transition": name, "from": before.state, "to": after.state}
    for key, value in (("waits", after.reason), ("step", after.failed_step)):
        if value:
            detail[key] = value
    if after.successor_id:
        detail["successor"] = str(after.successor_id)
    verb = "change.retried" if name == "retry" else f"change.{after.state}"
    team_slug = after.team.slug if after.team else ""
    record(verb, subject=after, by=by, team_slug=team_slug, reason=after.message, detail=detail)
