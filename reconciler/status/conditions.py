"""The conditions and ``state`` of an instance: kro's own four, and those of the author (kro §5.3, §5.4,
§5.6).

kro's quirks 15 to 17 are fixed: messages have a fixed order, ``state`` and ``Ready`` agree, and a suspended
instance says so. Both are stricter than kro's: they report what the page reports, so an object without
``readyWhen`` counts by its health.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contracts.compiler import Definition
from contracts.runtime import Rendering, merge_conditions, render
from contracts.runtime.withholding import withholds_conditions
from reconciler.objects.accessors import Manifest, condition_of, generation_of
from reconciler.objects.health import State
from reconciler.objects.reason_messages import join_reasons
from reconciler.status.assess import Assessment
from reconciler.status.conflicts import REASONS
from reconciler.status.conflicts import TYPES as CONFLICTS

BUILT_IN = frozenset({"InstanceManaged", "GraphResolved", "ResourcesReady", "Ready", *CONFLICTS})
STATE_WORDS: Mapping[State, str] = {
    "ready": "ACTIVE",
    "waiting": "IN_PROGRESS",
    "progressing": "IN_PROGRESS",
    "degraded": "IN_PROGRESS",
    "unknown": "IN_PROGRESS",
    "failed": "ERROR",
    "deleting": "DELETING",
}


class Part(NamedTuple):
    """A condition without its times."""

    type: str
    status: str
    reason: str
    message: str


def built_in_conditions(instance: Manifest, assessment: Assessment, now: str) -> list[dict[str, Any]]:
    """kro's four conditions, in kro's order, and one for each type of conflict that there is. ``now`` is an
    RFC 3339 time.
    """
    parts = [managed(assessment), resolved(assessment), resources_ready(assessment)]
    shown = (*parts, root(assessment, parts), *conflicts(assessment))
    return [stamped(instance, part, now) for part in shown]


def conflicts(assessment: Assessment) -> list[Part]:
    """Each type of conflict that there is, with the messages of all resources."""
    found = [conflict for resource in assessment.resources or () for conflict in resource.conflicts]
    return [
        Part(kind, "True", REASONS[kind], join_reasons([one.message for one in found if one.type == kind]))
        for kind in CONFLICTS
        if any(one.type == kind for one in found)
    ]


def managed(assessment: Assessment) -> Part:
    if assessment.reason == "ManagementFailed":
        return Part("InstanceManaged", "False", assessment.reason, assessment.message)
    return Part("InstanceManaged", "True", "Managed", "The instance has its finalizer and labels.")


def resolved(assessment: Assessment) -> Part:
    if assessment.reason == "ResolutionFailed":
        return Part("GraphResolved", "False", assessment.reason, assessment.message)
    return Part("GraphResolved", "True", "Resolved", "The contract's revision is compiled and in use.")


def resources_ready(assessment: Assessment) -> Part:
    kind = "ResourcesReady"
    if assessment.state == "deleting":
        return Part(kind, "Unknown", "UnderDeletion", assessment.message)
    if assessment.state == "unknown":
        return Part(kind, "Unknown", assessment.reason, assessment.message)
    if assessment.is_suspended:
        return Part(kind, "False", "ReconciliationSuspended", assessment.message)
    if assessment.problems:
        deleting = any(node.state == "deleting" for node in assessment.nodes or ())
        reason = "ResourceDeleting" if deleting else "NotReady"
        return Part(kind, "False", reason, join_reasons(assessment.problems))
    if assessment.nodes is None:
        return Part(kind, "False", "NotReady", "Not reconciled until the problem above is fixed.")
    return Part(kind, "True", "AllResourcesReady", "All resources exist and are ready.")


def root(assessment: Assessment, parts: Sequence[Part]) -> Part:
    """``Ready``: the first part that is false, else the first that is unknown."""
    for status in ("False", "Unknown"):
        for part in parts:
            if part.status == status:
                return part._replace(type="Ready")
    if assessment.state == "failed":
        return Part("Ready", "False", assessment.reason, assessment.message)
    return Part("Ready", "True", "Ready", "")


def stamped(instance: Manifest, part: Part, now: str) -> dict[str, Any]:
    """The condition; its transition time changes only when its status does."""
    old = condition_of(instance, part.type)
    since = now
    if old is not None and old.get("status") == part.status:
        since = str(old.get("lastTransitionTime") or now)
    return {
        **part._asdict(),
        "lastTransitionTime": since,
        "observedGeneration": generation_of(instance),
    }


def author_conditions(instance: Manifest, rendering: Rendering, now: str) -> list[dict[str, Any]]:
    """The author's conditions, which replace the built-in ones. One without a value keeps its last (kro
    §5.6).
    """
    produced = rendering.conditions or []
    types = {one["type"] for one in produced}
    previous = [
        one for one in conditions_of(instance) if one.get("type") in types or one.get("type") not in BUILT_IN
    ]
    return merge_conditions(previous, produced, now, generation_of(instance), complete=rendering.complete)


def conditions_of(instance: Manifest) -> Sequence[Mapping[str, Any]]:
    return (instance.get("status") or {}).get("conditions") or ()


def conditions_without_graph(
    instance: Manifest, definition: Definition | None, own: Sequence[dict[str, Any]], now: str
) -> list[dict[str, Any]]:
    """The conditions while nothing is rendered: those of an author remain (kro §5.6).

    ``own``: the built-in ones. During deletion ``ResourcesReady`` is added to the author's: it names what is
    waited for. None remains when one shows a value of a Secret without a grant. Without a compiled contract,
    the conditions on the object show whether they are the author's.
    """
    withheld = definition is not None and withholds_conditions(definition)
    old = [] if withheld else [dict(one) for one in conditions_of(instance)]
    types = {one.get("type") for one in old}
    authored = bool(definition.conditions) if definition else bool(old) and "InstanceManaged" not in types
    if not authored:
        return list(own)
    deleting = [one for one in own if one["reason"] == "UnderDeletion" and one["type"] == "ResourcesReady"]
    if deleting:
        return [*(one for one in old if one.get("type") != "ResourcesReady"), *deleting]
    if definition is None:
        return old
    return author_conditions(instance, render(definition, instance, {}, own_conditions=own), now)
