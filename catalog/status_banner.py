"""The one thing to say about an instance: what it waits for, what is wrong, or that it goes well. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.models.change import Action, Change, ChangeState
from catalog.models.destination import Destination
from catalog.models.instance import Instance, State


@dataclass(frozen=True, slots=True)
class Headline:
    """``state`` gives colour and icon. ``node``: the id of the node that the words are about."""

    state: str
    title: str
    text: str = ""
    since: datetime | None = None
    node: str = ""
    can_retry: bool = False


_TITLES = {
    State.WAITING: "It waits.",
    State.PROGRESSING: "On its way.",
    State.DEGRADED: "A part is not ready.",
    State.FAILED: "Something must be changed.",
    State.DELETING: "Being deleted.",
    State.UNKNOWN: "Its state is not known.",
}
_WISHES = {Action.CREATE: "creation", Action.UPDATE: "change", Action.DELETE: "deletion"}


def shown_state(instance: Instance, destination: Destination) -> str:
    """The state to show: what was last seen, or unknown while the cluster cannot be seen."""
    if destination.reachable is False and instance.uid:
        return State.UNKNOWN
    return instance.state


def headline(instance: Instance, change: Change | None, destination: Destination) -> Headline | None:
    """``change`` is the newest of the instance. Nothing to say when it is ready and nothing is pending."""
    wish = _WISHES.get(Action(change.action), "change") if change else ""
    if destination.reachable is False:
        return _unreachable(change, wish, destination)
    if change is not None and change.state == ChangeState.REFUSED:
        text = change.message or "The cluster did not say why."
        return Headline("failed", f"The {wish} was refused.", text, change.decided_at, can_retry=True)
    if change is not None and change.state == ChangeState.WAITING:
        return Headline("waiting", f"The {wish} waits for approval.", change.message, change.created_at)
    if change is not None and change.is_pending:
        kept = change.message if change.attempts else destination.message
        text = kept or "It is delivered to the cluster in a moment."
        state = "waiting" if kept or change.attempts else "progressing"
        return Headline(state, f"The {wish} was asked for.", text, change.created_at)
    if instance.state == State.READY:
        return None
    return Headline(
        instance.state,
        _TITLES.get(State(instance.state), ""),
        instance.message,
        instance.state_since,
        node=_troubled_node(instance),
    )


def _unreachable(change: Change | None, wish: str, destination: Destination) -> Headline | None:
    """Only what a pending change means: that the cluster is away stands above every page already."""
    if change is None or not change.is_pending:
        return None
    why = f" {destination.message}" if destination.message else ""
    text = f"It will be delivered when {destination.title} returns.{why}"
    return Headline("unknown", f"The {wish} is kept.", text, destination.seen_at)


_WORST = {State.FAILED: 0, State.DEGRADED: 1, State.WAITING: 2, State.PROGRESSING: 3, "pending": 4}


def _troubled_node(instance: Instance) -> str:
    troubled = [node for node in instance.nodes if node.get("state") in _WORST and node.get("reason")]
    worst = min(troubled, key=lambda node: _WORST[node["state"]], default=None)
    return str(worst["id"]) if worst else ""


def worst_first(conditions: list[dict[str, str]], *, failing: bool = False) -> list[dict[str, str]]:
    """Conditions with a ``state`` for their colour; what is wrong comes first, then what is not known.

    ``failing``: the instance has failed, so what is not true waits for nothing. ``Ready`` that only repeats
    another condition names it instead.
    """
    shown = [{**one, "state": _condition_state(one, failing=failing)} for one in conditions]
    for ready in shown:
        said = ready.get("message")
        same = [one["type"] for one in shown if one is not ready and said and one.get("message") == said]
        if ready.get("type") == "Ready" and ready["state"] != "ready" and same:
            ready["message"] = f"See {same[0]}."
    order = ("failed", "waiting", "unknown", "ready")
    return sorted(shown, key=lambda condition: order.index(condition["state"]))


_FAULTS = ("fail", "error", "invalid", "denied", "forbidden", "refused", "conflict", "exceeded")


def _condition_state(condition: dict[str, str], *, failing: bool) -> str:
    status = condition.get("status")
    if status == "True":
        return "ready"
    if status != "False":
        return "unknown"
    reason = condition.get("reason", "").lower()
    return "failed" if failing or any(word in reason for word in _FAULTS) else "waiting"
