"""Decides the state of an instance and of everything that belongs to it, and why.

This is the only place that does: the conditions and ``state`` on the custom resource, the rows, the banner
and the events are views of an ``Assessment``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts.problems import Problem
from reconciler.objects.accessors import Identity, generation_of, is_deleting
from reconciler.objects.health import State
from reconciler.plan import Observation
from reconciler.status.conflicts import TYPES as CONFLICTS
from reconciler.status.nodes import RANK, NodeStatus, deleting_nodes, node_statuses
from reconciler.status.outcome import (
    Deleting,
    Failed,
    ManagedElsewhere,
    MissingRight,
    NotCompiled,
    Outcome,
    Reconciled,
    Suspended,
)
from reconciler.status.resources import (
    KnownResource,
    ResourceStatus,
    member_status,
    named_members,
    resource_statuses,
)

REASONS: Mapping[State, str] = {
    "ready": "AllResourcesReady",
    "failed": "ResourceFailed",
    "degraded": "ResourceNotReady",
    "waiting": "Waiting",
    "progressing": "Progressing",
}
SUSPENDED = "Reconciliation is suspended by an annotation on the instance; nothing is applied or repaired."


@dataclass(frozen=True, slots=True)
class Previous:
    """What is known of an instance before a pass: from its last assessment, or from its row after a restart.

    ``generation``: the one that ``was_ready`` and the baselines are about. ``deletion_requested``: a user
    has requested its deletion in the portal, and the cluster may not know yet.
    """

    state: State = "waiting"
    was_ready: bool = False
    generation: int = 0
    resources: Mapping[Identity, KnownResource] = field(default_factory=dict)
    deletion_requested: bool = False

    def of_generation(self, generation: int) -> Previous:
        """An instance with another spec, and each of its resources, has yet to become ready."""
        if generation == self.generation:
            return self
        resources = {identity: replace(known, baseline=None) for identity, known in self.resources.items()}
        return replace(self, generation=generation, was_ready=False, resources=resources)

    def followed_by(self, assessment: Assessment) -> Previous:
        """What the next pass starts from."""
        following = replace(
            self.of_generation(assessment.generation),
            state=assessment.state,
            was_ready=assessment.was_ready,
        )
        if assessment.resources is None:
            return following
        resources = {
            one.reference.identity: KnownResource(one.uid, one.baseline, one.repairs, one.finished)
            for one in assessment.resources
        }
        return replace(following, resources=resources)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The state of an instance, and why.

    ``reason`` is CamelCase. ``node``: the id of the node that ``message`` is about, if it is about one.
    ``problems``: why resources are not ready, node by node in topological order. ``nodes`` and ``resources``
    are None when the pass did not observe them: what is known of them remains.
    """

    state: State
    reason: str
    message: str = ""
    node: str = ""
    was_ready: bool = False
    generation: int = 0
    problems: tuple[str, ...] = ()
    nodes: tuple[NodeStatus, ...] | None = None
    resources: tuple[ResourceStatus, ...] | None = None

    @property
    def is_suspended(self) -> bool:
        return self.reason == "Suspended"

    def completed_by(self, older: Assessment) -> Assessment:
        """With the nodes and resources of an older assessment where this one has none."""
        nodes = older.nodes if self.nodes is None else self.nodes
        resources = older.resources if self.resources is None else self.resources
        return replace(self, nodes=nodes, resources=resources)


def assess(previous: Previous, observation: Observation, outcome: Outcome) -> Assessment:
    generation = generation_of(observation.instance)
    previous = previous.of_generation(generation)
    assessment = by_outcome(previous, observation, outcome)
    was_ready = previous.was_ready or assessment.state == "ready"
    assessment = replace(assessment, generation=generation, was_ready=was_ready)
    if previous.deletion_requested and not is_deleting(observation.instance):
        return replace(
            assessment, state="deleting", reason="DeletionRequested", message="Deletion requested.", node=""
        )
    return assessment


def by_outcome(previous: Previous, observation: Observation, outcome: Outcome) -> Assessment:
    match outcome:
        case Reconciled():
            assessment = with_history(previous, reconciled(previous, observation, outcome))
            return with_condition_problems(assessment, outcome.condition_problems)
        case Deleting():
            return deleting(observation, outcome)
        case Suspended():
            return Assessment("waiting", "Suspended", SUSPENDED)
        case ManagedElsewhere(message):
            return Assessment("failed", "ManagementFailed", message)
        case NotCompiled(message):
            return Assessment("failed", "ResolutionFailed", message)
        case Failed(message):
            return Assessment("unknown", "ReconcileFailed", message)
        case MissingRight(message):
            state: State = "deleting" if is_deleting(observation.instance) else "unknown"
            return Assessment(state, "MissingRight", message)


def reconciled(previous: Previous, observation: Observation, outcome: Reconciled) -> Assessment:
    resources = resource_statuses(observation, outcome, previous.resources)
    nodes = node_statuses(outcome.graph, resources, observation)
    problems = tuple(
        f"{node.id}: {reason}" for node in nodes if not node.is_ready for reason in node.all_reasons
    )
    return replace(of_nodes(nodes), nodes=nodes, resources=resources, problems=problems)


def of_nodes(nodes: Sequence[NodeStatus]) -> Assessment:
    """State and reason of the worst node; an instance does not wait while one of its nodes progresses."""
    unready = [node for node in nodes if not node.is_ready]
    if not unready:
        return Assessment("ready", REASONS["ready"])
    worst = min(unready, key=lambda node: RANK.index(node.state))
    state = worst.state
    moving = [node for node in unready if node.state in ("progressing", "deleting")]
    if state in ("waiting", "deleting") and moving:
        state, worst = "progressing", moving[0]
    assert state != "ignored"
    reason = worst.conflict or REASONS[state]
    return Assessment(state, reason, f"{worst.id}: {worst.reason}", node=worst.id)


def with_history(previous: Previous, assessment: Assessment) -> Assessment:
    """An instance that was ready and is not is degraded, unless a change is underway. Only such an instance
    is, and one with a conflict.
    """
    if assessment.reason in CONFLICTS:
        return assessment
    if previous.was_ready and assessment.state in ("progressing", "waiting"):
        underway = any(resource.is_underway for resource in assessment.resources or ())
        if previous.state == "degraded" or not underway:
            return replace(assessment, state="degraded", reason=REASONS["degraded"])
    if not previous.was_ready and assessment.state == "degraded":
        return replace(assessment, state="progressing", reason=REASONS["progressing"])
    return assessment


def with_condition_problems(assessment: Assessment, problems: Sequence[Problem]) -> Assessment:
    """A condition of the author that cannot be evaluated fails the instance (kro §5.4)."""
    if not problems or assessment.state == "failed":
        return assessment
    message = f"{problems[0].path}: {problems[0].message}"
    return replace(assessment, state="failed", reason="ConditionFailed", message=message, node="")


def deleting(observation: Observation, outcome: Deleting) -> Assessment:
    members = named_members(observation, outcome.definition)
    resources = tuple(member_status(observation, member, {}) for member in members)
    nodes = deleting_nodes(outcome.definition, resources) if outcome.definition else None
    return Assessment("deleting", "Deleting", outcome.message, nodes=nodes, resources=resources)
