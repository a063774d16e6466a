"""The banner above an instance: what it waits for or what is wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.models.change import Action, Change, ChangeState, WaitReason
from catalog.models.destination import Destination
from catalog.models.instance import Instance, State


@dataclass(frozen=True, slots=True)
class StatusBanner:
    """``state`` determines colour and icon; ``node`` is the id of the node that the text is about."""

    state: str
    title: str
    text: str = ""
    since: datetime | None = None
    node: str = ""
    can_retry: bool = False


_TITLES = {
    State.WAITING: "Waiting",
    State.PROGRESSING: "In progress",
    State.DEGRADED: "Degraded",
    State.FAILED: "Action required",
    State.DELETING: "Deleting",
    State.UNKNOWN: "Unknown",
}
_WAITS = {  # what is not the cluster's doing
    WaitReason.APPROVAL: "It will be applied once it is approved.",
    WaitReason.WINDOW: "It will be applied in the next time window.",
    WaitReason.PREDECESSOR: "It will be applied after the changes that were requested before.",
}
_REQUESTS = {Action.CREATE: "Creation", Action.UPDATE: "Change", Action.DELETE: "Deletion"}


def shown_state(instance: Instance, destination: Destination) -> str:
    """The last observed state, or unknown while the cluster is unreachable."""
    if destination.reachable is False and instance.uid:
        return State.UNKNOWN
    return instance.state


def banner_for(instance: Instance, change: Change | None, destination: Destination) -> StatusBanner | None:
    """``change`` is the newest one of the instance. None when it is ready and no change is pending."""
    if destination.reachable is False:
        return _unreachable(change, destination)
    if change is not None and (banner := _change_banner(change, destination)):
        return banner
    if instance.state == State.READY:
        return None
    return StatusBanner(
        instance.state,
        _TITLES.get(State(instance.state), ""),
        instance.message,
        instance.state_since,
        node=instance.reason_node,
    )


def _change_banner(change: Change, destination: Destination) -> StatusBanner | None:
    """The banner for a change that is open or was not applied."""
    request = _REQUESTS.get(Action(change.action), "Change")
    if change.state == ChangeState.REFUSED:
        text = change.message or "The cluster gave no reason."
        return StatusBanner("failed", f"{request} refused", text, change.decided_at, can_retry=True)
    if change.state in (ChangeState.EXPIRED, ChangeState.FAILED):
        text = change.message or "It was not applied."
        return StatusBanner("failed", f"{request} {change.state_text.lower()}", text, change.decided_at)
    if not change.is_open:
        return None
    if change.state == ChangeState.WAITING and change.reason in _WAITS:
        title = f"{request} {change.state_text.lower()}"
        text = change.message or _WAITS[WaitReason(change.reason)]
        return StatusBanner("waiting", title, text, change.created_at)
    reason = change.message if change.attempts else destination.message
    text = reason or "It will be applied shortly."
    state = "waiting" if reason or change.attempts else "progressing"
    return StatusBanner(state, f"{request} requested", text, change.created_at)


def _unreachable(change: Change | None, destination: Destination) -> StatusBanner | None:
    """Only for a pending change: a notice above the page already reports the unreachable cluster."""
    if change is None or not change.is_open:
        return None
    request = _REQUESTS.get(Action(change.action), "Change")
    text = f"It will be applied when {destination.title} is reachable again. {destination.message}".strip()
    return StatusBanner("unknown", f"{request} saved; waiting for the cluster", text, destination.seen_at)


def worst_first(conditions: list[dict[str, str]], *, failing: bool = False) -> list[dict[str, str]]:
    """Conditions with a ``state`` for their colour: failed ones first, then waiting, unknown and true ones.

    ``failing``: the instance has failed, so false conditions count as failed. If ``Ready`` only repeats the
    message of another condition, it refers to that one instead.
    """
    shown = [{**one, "state": _condition_state(one, failing=failing)} for one in conditions]
    for ready in shown:
        message = ready.get("message")
        same = [
            one["type"] for one in shown if one is not ready and message and one.get("message") == message
        ]
        if ready.get("type") == "Ready" and ready["state"] != "ready" and same:
            ready["message"] = f"See {same[0]}."
    order = ("failed", "waiting", "unknown", "ready")
    return sorted(shown, key=lambda condition: order.index(condition["state"]))


PROBLEM_TYPES = ("FieldConflict", "HostConflict")  # conditions that are true while there is a problem
_FAULTS = ("fail", "error", "invalid", "denied", "forbidden", "refused", "conflict", "exceeded")


def _condition_state(condition: dict[str, str], *, failing: bool) -> str:
    status = condition.get("status")
    if status == "True":
        return "failed" if condition.get("type") in PROBLEM_TYPES else "ready"
    if status != "False":
        return "unknown"
    reason = condition.get("reason", "").lower()
    return "failed" if failing or any(word in reason for word in _FAULTS) else "waiting"
