"""Whether a node is ready, and why not (kro §4.4, §4.6), from the observed objects as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.runtime.evaluation import Unresolved
from contracts.runtime.expansion import describe_identity, identity
from contracts.runtime.program import Condition, NodeProgram


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    reason: str = ""
    code: str = ""
    waiting_for: tuple[str, ...] = ()


READY = Readiness(True)


def of_one(program: NodeProgram, observed: Mapping[str, Any] | None) -> Readiness:
    if observed is None:
        return Readiness(False, "Not created yet.", "not-observed")
    if is_terminating(observed):
        return Readiness(False, "The object is being deleted.", "terminating")
    return _conditions(program.ready_when, {program.node.id: observed})


def of_many(
    program: NodeProgram, desired: Sequence[Mapping[str, Any]], observed: Sequence[Mapping[str, Any]]
) -> Readiness:
    """``observed`` has only desired objects, in the order of ``desired``."""
    for item in observed:
        if is_terminating(item):
            return Readiness(False, f"{describe_identity(identity(item))} is being deleted.", "terminating")
        found = _conditions(program.ready_when, {"each": item})
        if not found.ready:
            reason = f"{describe_identity(identity(item))}: {found.reason}"
            return Readiness(False, reason, found.code, found.waiting_for)
    if len(observed) < len(desired):
        reason = f"{len(observed)} of {len(desired)} objects are created."
        return Readiness(False, reason, "not-observed")
    return READY


def of_selected(program: NodeProgram, observed: Sequence[Mapping[str, Any]]) -> Readiness:
    """An external selection: conditions apply to the list or to ``each`` item (better than kro quirk 7)."""
    for condition in program.ready_when:
        if "each" in condition.nodes:
            for item in observed:
                found = _conditions((condition,), {"each": item, program.node.id: list(observed)})
                if not found.ready:
                    return found
        else:
            found = _conditions((condition,), {program.node.id: list(observed)})
            if not found.ready:
                return found
    return READY


def is_terminating(observed: Mapping[str, Any]) -> bool:
    return bool((observed.get("metadata") or {}).get("deletionTimestamp"))


def _conditions(conditions: Sequence[Condition], bindings: Mapping[str, object]) -> Readiness:
    for condition in conditions:
        try:
            if not condition.holds(bindings):
                return Readiness(False, f"Waiting until {condition.code.source} is true.", "ready-when")
        except Unresolved as why:
            if why.pending:
                waiting = (why.missing,) if why.missing else ()
                return Readiness(False, f"Waiting: {why.reason}.", "ready-when", waiting)
            return Readiness(False, f"readyWhen {why.reason}.", "ready-when-failed")
    return READY
