"""Event records of what a pass did. Pure but for the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from contracts.problems import Problem
from reconciler.objects.accessors import Identity, Manifest, generation_of, uid_of, version_of
from reconciler.plan import Apply, Graph, Prune, Refuse
from reconciler.plan.repairs import conflict_message
from reconciler.status.outcome import Reconciled
from reconciler.status.resources import NOT_KNOWN, KnownResource
from reconciler.status.snapshot import EventRecord

FIELDS_NAMED = 5


def applied_record(step: Apply, live: Manifest, known: Mapping[Identity, KnownResource]) -> EventRecord:
    """``known``: the resources of the previous assessment; creating one of these again restores it."""
    what = step.reference.display_name
    fields = ", ".join(step.fields[:FIELDS_NAMED])
    if len(step.fields) > FIELDS_NAMED:
        fields += f" and {len(step.fields) - FIELDS_NAMED} more"
    by = f" by {step.by}" if step.by else ""
    changed_by = f", last changed{by}" if by else ""
    reason, message = {
        "create": ("Created", f"Created {what}."),
        "adopt": ("Adopted", f"Adopted {what}, which existed before{changed_by}."),
        "update": ("Updated", f"Updated {what}: {fields}."),
        "repair": ("DriftRepaired", f"Repaired {what}, which had been changed{by}: {fields}."),
    }[step.why]
    uid = f"{uid_of(live)}:{version_of(live)}:{reason}"
    if step.why == "create" and is_recreated(live, known.get(step.reference.identity, NOT_KNOWN)):
        reason, message = "Restored", f"Recreated {what}, which had been deleted."
    record = EventRecord(reason, message, uid, node=step.node, resource=step.reference)
    if reason in ("DriftRepaired", "Restored"):
        return replace(record, warning=True, uid=f"{what}:{reason}:{message}", repeats=True)
    return record


def conflict_records(outcome: Reconciled) -> list[EventRecord]:
    """Conflicts over fields and hosts, each recorded once."""
    found = []
    for child in outcome.graph.desired:
        what, identity = child.reference.display_name, child.reference.identity
        for one in outcome.repairs.get(identity, ()):
            if one.is_conflict:
                uid, message = f"{what}:FieldConflict:{one.path}:{one.first}", conflict_message(what, one)
                found.append(EventRecord("FieldConflict", message, uid, count=one.repairs))
        hosts = outcome.host_conflicts.get(identity)
        if hosts:
            found.append(EventRecord("HostConflict", hosts, f"{what}:HostConflict:{hosts}"))
        found = [
            one if one.node else replace(one, warning=True, node=child.node, resource=child.reference)
            for one in found
        ]
    return found


def is_recreated(live: Manifest, known: KnownResource) -> bool:
    return known.uid not in ("", uid_of(live))


def pruned_record(step: Prune) -> EventRecord:
    message = f"Deleted {step.reference.display_name}, which is no longer desired."
    return EventRecord("Pruned", message, f"{step.uid}:pruned", node=step.node, resource=step.reference)


def refused_record(step: Refuse, instance: Manifest) -> EventRecord:
    uid = f"{uid_of(instance)}:{step.reference.display_name}:{step.code}"
    return EventRecord(step.code, step.reason, uid, warning=True, node=step.node, resource=step.reference)


def withheld_records(instance: Manifest, graph: Graph) -> list[EventRecord]:
    """Nodes that are not rendered because of a value of a Secret, once per generation of the instance."""
    return [
        EventRecord(
            "OutOfReach",
            f"{state.id}: {state.reason}",
            f"{uid_of(instance)}:{generation_of(instance)}:{state.id}:OutOfReach",
            warning=True,
            node=state.id,
        )
        for state in graph.rendering.nodes.values()
        if state.code == "needs-grant"
    ]


def status_records(instance: Manifest, problems: Sequence[Problem]) -> list[EventRecord]:
    """Fields and conditions of the status that cannot be evaluated, once per generation of the instance."""
    return [
        EventRecord(
            "StatusIncomplete",
            f"{problem.path}: {problem.message}",
            f"{uid_of(instance)}:{generation_of(instance)}:{problem.code}:{problem.path}",
            warning=True,
        )
        for problem in problems
        if problem.path.startswith("status")
    ]


def timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
