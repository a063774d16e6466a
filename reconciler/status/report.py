"""The report of a pass: its assessment, and the status that is written on the custom resource. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.compiler import Definition
from contracts.problems import Problem
from contracts.runtime import Rendering, render
from contracts.runtime.withholding import shown_status
from reconciler.objects.accessors import Manifest, head_of
from reconciler.plan import Graph, Observation
from reconciler.status.assess import Assessment, Previous, assess
from reconciler.status.conditions import (
    STATE_WORDS,
    author_conditions,
    built_in_conditions,
    conditions_without_graph,
)
from reconciler.status.outcome import Outcome, Reconciled

CONDITION_PROBLEMS = frozenset({"condition-failed", "condition-twice"})
RESERVED = ("state", "conditions")


@dataclass(frozen=True, slots=True)
class Report:
    """``status``: the complete status of the custom resource. ``own_conditions``: the built-in ones, which an
    author's replace there. ``problems``: why fields and conditions of the author could not be evaluated.
    """

    assessment: Assessment
    status: Mapping[str, Any] = field(repr=False)
    own_conditions: tuple[Mapping[str, Any], ...]
    problems: tuple[Problem, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """The author's fields."""
        return author_fields(self.status)

    @property
    def conditions(self) -> tuple[Mapping[str, Any], ...]:
        """The author's conditions and the built-in ones: the page hides neither."""
        written = self.status["conditions"]
        types = {condition["type"] for condition in written}
        return (*written, *(one for one in self.own_conditions if one["type"] not in types))


def report(
    previous: Previous,
    observation: Observation,
    outcome: Outcome,
    definition: Definition | None,
    now: str,
) -> Report:
    """``now`` is an RFC 3339 time. ``definition``: None when the contract does not compile."""
    if isinstance(outcome, Reconciled):
        return report_reconciled(previous, observation, outcome, now)
    instance = observation.instance
    assessment = assess(previous, observation, outcome)
    own = built_in_conditions(instance, assessment, now)
    shown = conditions_without_graph(instance, definition, own, now)
    old = author_fields(instance.get("status") or {})
    kept = shown_status(definition, old) if definition is not None else old
    status = {**kept, "state": STATE_WORDS[assessment.state], "conditions": shown}
    return Report(assessment, status, tuple(own))


def report_reconciled(previous: Previous, observation: Observation, outcome: Reconciled, now: str) -> Report:
    """The author's conditions may read the built-in ones, so they are evaluated after a first assessment."""
    instance, rendering = observation.instance, outcome.graph.rendering
    assessment = assess(previous, observation, outcome)
    own = built_in_conditions(instance, assessment, now)
    shown = own
    if outcome.graph.definition.conditions:
        rendering = rendered_with(outcome.graph, instance, own)
        problems = [one for one in rendering.problems if one.code in CONDITION_PROBLEMS]
        assessment = assess(previous, observation, replace(outcome, condition_problems=problems))
        own = built_in_conditions(instance, assessment, now)
        shown = author_conditions(instance, rendering, now)
    status = {
        **author_fields(rendering.status),
        "state": STATE_WORDS[assessment.state],
        "conditions": shown,
    }
    return Report(assessment, status, tuple(own), rendering.problems)


def rendered_with(graph: Graph, instance: Manifest, own: list[dict[str, Any]]) -> Rendering:
    return render(graph.definition, instance, graph.observed, own_conditions=own)


def status_manifest(instance: Manifest, status: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the apply that writes the status."""
    return {**head_of(instance), "status": dict(status)}


def author_fields(status: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in status.items() if key not in RESERVED}
