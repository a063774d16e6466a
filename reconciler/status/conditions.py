"""What an instance's status says: kro's four conditions and state, and the author's own fields. Pure.

kro §5.3 and §5.4, with its quirks 15 to 17 mended: messages are ordered, ``state`` follows ``Ready``, and a
suspended instance says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering, merge_conditions, render
from reconciler.objects.accessors import Manifest, condition_of, generation_of, head_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass came to. Empty texts mean that all is well with that part."""

    managed: str = ""  # why the instance cannot be looked after
    resolved: str = ""  # why its contract cannot be used
    not_ready: str = ""  # why its resources are not ready
    reason: str = ""  # CamelCase, for the condition that is not well
    failed: bool = False  # a person must change something
    suspended: bool = False
    deleting: str = ""


def built_in(instance: Manifest, outcome: Outcome, now: str) -> list[dict[str, Any]]:
    """The four conditions, in the order in which kro reads them; ``now`` is an RFC 3339 time."""
    managed = ("InstanceManaged", "True", "Managed", "The instance has its finalizer and labels.")
    resolved = ("GraphResolved", "True", "Resolved", "The contract's revision is compiled and in use.")
    ready = ("ResourcesReady", "True", "AllResourcesReady", "All resources are there and ready.")
    if outcome.managed:
        managed = ("InstanceManaged", "False", "ManagementFailed", outcome.managed)
    if outcome.resolved:
        resolved = ("GraphResolved", "False", "ResolutionFailed", outcome.resolved)
    if outcome.deleting:
        ready = ("ResourcesReady", "Unknown", "UnderDeletion", outcome.deleting)
    elif outcome.suspended:
        ready = ("ResourcesReady", "False", "ReconciliationSuspended", outcome.not_ready)
    elif outcome.not_ready or outcome.managed or outcome.resolved:
        text = outcome.not_ready or "Nothing is done before the problem above is solved."
        ready = ("ResourcesReady", "False", outcome.reason or "NotReady", text)
    parts = [managed, resolved, ready]
    worst = next((part for part in parts if part[1] == "False"), None)
    worst = worst or next((part for part in parts if part[1] == "Unknown"), None)
    root = ("Ready", *worst[1:]) if worst else ("Ready", "True", "Ready", "")
    return [stamped(instance, *part, now=now) for part in (*parts, root)]


def stamped(
    instance: Manifest, kind: str, status: str, reason: str, message: str, *, now: str
) -> dict[str, Any]:
    """A condition; its transition time moves only when its status does."""
    old = condition_of(instance, kind)
    since = now
    if old is not None and old.get("status") == status:
        since = str(old.get("lastTransitionTime") or now)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since,
        "observedGeneration": generation_of(instance),
    }


BUILT_IN = frozenset({"InstanceManaged", "GraphResolved", "ResourcesReady", "Ready"})
DEGRADED = frozenset({"condition-failed", "condition-twice"})


def author_conditions(instance: Manifest, rendering: Rendering, now: str) -> list[dict[str, Any]]:
    """The author's conditions instead of the built-in ones.

    Without a value now they keep their last (kro §5.6).
    """
    given = rendering.conditions or []
    types = {one["type"] for one in given}
    old = old_conditions(instance)
    previous = [one for one in old if one.get("type") in types or one.get("type") not in BUILT_IN]
    return merge_conditions(previous, given, now, generation_of(instance), complete=rendering.complete)


def old_conditions(instance: Manifest) -> Sequence[Mapping[str, Any]]:
    return (instance.get("status") or {}).get("conditions") or ()


def conditions_meanwhile(
    instance: Manifest,
    definition: Definition | None,
    outcome: Outcome,
    conditions: list[dict[str, Any]],
    now: str,
) -> list[dict[str, Any]]:
    """What to show while nothing is rendered: an author's conditions stay where there are such (kro §5.6).

    During deletion the built-in ResourcesReady is laid over them, which says what is waited for. Without a
    readable contract, the cluster itself tells whose conditions they are.
    """
    old = [dict(one) for one in old_conditions(instance)]
    types = {one.get("type") for one in old}
    authored = bool(definition.conditions) if definition else bool(old) and "InstanceManaged" not in types
    if not authored:
        return conditions
    if outcome.deleting:
        overlaid = [one for one in conditions if one["type"] == "ResourcesReady"]
        return [*(one for one in old if one.get("type") != "ResourcesReady"), *overlaid]
    if definition is None:
        return old
    return author_conditions(instance, render(definition, instance, {}, own_conditions=conditions), now)


def state_word(outcome: Outcome, rendering: Rendering | None = None) -> str:
    """kro's word for the wire (§5.4); an author's condition that cannot be told is an error there too."""
    if outcome.deleting:
        return "DELETING"
    degraded = any(problem.code in DEGRADED for problem in (rendering.problems if rendering else ()))
    if outcome.failed or outcome.managed or outcome.resolved or degraded:
        return "ERROR"
    if outcome.not_ready:
        return "IN_PROGRESS"
    return "ACTIVE"


def status_body(
    instance: Manifest,
    rendering: Rendering | None,
    outcome: Outcome,
    conditions: list[dict[str, Any]],
    now: str,
    definition: Definition | None = None,
) -> dict[str, Any]:
    """The whole status to write. Without a rendering the author's fields stay as they are."""
    fields: dict[str, Any]
    if rendering is None:
        old = instance.get("status") or {}
        fields = {key: value for key, value in old.items() if key not in ("state", "conditions")}
        shown = conditions_meanwhile(instance, definition, outcome, conditions, now)
    else:
        fields = {key: value for key, value in rendering.status.items() if key not in ("state", "conditions")}
        authored = rendering.conditions is not None
        shown = author_conditions(instance, rendering, now) if authored else conditions
    return {**fields, "state": state_word(outcome, rendering), "conditions": shown}


def status_apply(instance: Manifest, status: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the apply."""
    return {**head_of(instance), "status": dict(status)}
