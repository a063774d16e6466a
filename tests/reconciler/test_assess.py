"""The state of an instance: previous state × observation × outcome → state and reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from contracts.compiler import Definition
from contracts.runtime import instance_of, render
from reconciler.objects.accessors import Identity, condition_of, reference_to
from reconciler.objects.health import Health
from reconciler.plan import Graph, Observation, children
from reconciler.status.assess import Assessment, Previous, assess
from reconciler.status.baseline import ReadyBaseline
from reconciler.status.outcome import (
    Deleting,
    Failed,
    ManagedElsewhere,
    NotCompiled,
    Outcome,
    Reconciled,
    Suspended,
)
from reconciler.status.report import Report, report
from reconciler.status.resources import KnownResource
from tests.contracts.definitions import DEPLOYMENT, READ_ONLY, config_map, defined

NOW = "2026-01-01T00:00:00Z"
METADATA = {"name": "shop", "namespace": "team", "uid": "u1", "generation": 1}
SCALER = """
- id: scaler
  template:
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: scaler}
    spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: web}}
"""
NESTED = "- id: inner\n  template: {apiVersion: example.com/v1, kind: Inner, metadata: {name: inner}}\n"
EXTERNAL = READ_ONLY.replace("NAME", "given")
GATE = config_map("gate", extra="readyWhen: ['${gate.data.open == \"yes\"}']")
FATAL = config_map("fatal", "data: {k: '${string(1 / (schema.spec.size - 3))}'}")
EXCLUDED = config_map("left", extra="includeWhen: ['${schema.spec.size == 4}']")


def live(definition: Definition, node: str, **fields: Any) -> dict[str, Any]:
    """The object that a node renders to, as the cluster holds it."""
    template = dict(definition.node(node).template)
    metadata = {**template["metadata"], "namespace": "team", "uid": f"{node}-1", "generation": 1}
    return {**template, **fields, "metadata": {**metadata, **fields.get("metadata", {})}}


def pods(
    ready: int, desired: int = 3, generation: int = 1, uid: str = "web-1", **status: Any
) -> dict[str, Any]:
    """A rolled out Deployment with so many pods ready."""
    rolled_out = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), ready)
    return {
        "metadata": {"uid": uid, "generation": generation},
        "spec": {"replicas": desired},
        "status": {"observedGeneration": generation, "conditions": [rolled_out], **counts, **status},
    }


WEB: Identity = ("apps", "Deployment", "team", "web")
NEW = Previous(generation=1)
READY = Previous(
    state="ready",
    was_ready=True,
    generation=1,
    resources={WEB: KnownResource("web-1", ReadyBaseline("web-1", 1, 0))},
)
DEGRADED = replace(READY, state="degraded")
REQUESTED = replace(READY, deletion_requested=True)


@dataclass(frozen=True)
class Case:
    """``given``: live objects by node. ``outcome``: of a pass that rendered nothing."""

    previous: Previous
    expected: tuple[str, str]
    message: str = ""
    resources: str = DEPLOYMENT
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    pod: Health | None = None
    missing_kind: str = ""
    status: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None

    def report(self) -> Report:
        definition = defined(self.resources, status=self.status)
        instance = {**instance_of(definition, {}), "metadata": {**METADATA, **self.metadata}}
        objects = {node: live(definition, node, **fields) for node, fields in self.given.items()}
        rendering = render(definition, instance, objects)
        desired = children(instance, definition, rendering)
        observation = Observation(
            instance,
            found={reference_to(one).identity: one for one in objects.values()},
            missing_kinds={definition.order[0]: self.missing_kind} if self.missing_kind else {},
            pod_health={"web-1": self.pod} if self.pod else {},
            contract_kinds=["Inner.example.com"],
        )
        errors = {
            child.reference.identity: self.errors[child.node]
            for child in desired
            if child.node in self.errors
        }
        outcome = self.outcome or Reconciled(Graph(definition, rendering, objects, desired), errors)
        return report(self.previous, observation, outcome, definition, NOW)


NO_IMAGE = Health("failed", "0/1", "The image shop:2 cannot be pulled. Pod web-x.")
TOO_SLOW: dict[str, Any] = {
    "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
}
BLIND: dict[str, Any] = {"conditions": [{"type": "ScalingActive", "status": "False", "reason": "NoMetrics"}]}
OPEN = {"data": {"open": "yes"}}
BROKEN_CONDITION = """
conditions:
- |-
  ${runtime.newCondition({type: "Usable", status: web.metadata.name})}
"""

CASES = {
    # The first time.
    "nothing is created yet": Case(NEW, ("waiting", "Waiting"), "web: Not created yet."),
    "pods are starting": Case(
        NEW, ("progressing", "Progressing"), "web: 1 of 3 pods are ready.", given={"web": pods(1)}
    ),
    "all pods are ready": Case(NEW, ("ready", "AllResourcesReady"), given={"web": pods(3)}),
    "an apply was refused": Case(
        NEW, ("failed", "ResourceFailed"), "web: refused", errors={"web": "refused"}
    ),
    "an apply of an existing object was refused": Case(
        NEW, ("failed", "ResourceFailed"), "web: refused", given={"web": pods(3)}, errors={"web": "refused"}
    ),
    "a pod gives the reason": Case(
        NEW, ("failed", "ResourceFailed"), f"web: {NO_IMAGE.message}", given={"web": pods(0)}, pod=NO_IMAGE
    ),
    "the rollout exceeded its deadline": Case(
        NEW,
        ("failed", "ResourceFailed"),
        "web: The rollout exceeded its deadline: look at its pods. (ProgressDeadlineExceeded)",
        given={"web": pods(1, **TOO_SLOW)},
    ),
    "a kind is not served": Case(
        NEW, ("waiting", "Waiting"), "web: No such kind.", missing_kind="No such kind."
    ),
    "an expression fails": Case(
        NEW, ("failed", "ResourceFailed"), "fatal: ", resources=DEPLOYMENT + FATAL, given={"web": pods(3)}
    ),
    "readyWhen is not met": Case(
        NEW,
        ("progressing", "Progressing"),
        "gate: ",
        resources=GATE,
        given={"gate": {"data": {"open": "no"}}},
    ),
    "readyWhen is met": Case(NEW, ("ready", "AllResourcesReady"), resources=GATE, given={"gate": OPEN}),
    "an external object does not exist": Case(NEW, ("waiting", "Waiting"), "given: ", resources=EXTERNAL),
    "one waits while another progresses": Case(
        NEW,
        ("progressing", "Progressing"),
        "web: 1 of 3 pods are ready.",
        resources=EXTERNAL + DEPLOYMENT,
        given={"web": pods(1)},
    ),
    "a node is excluded": Case(
        NEW, ("ready", "AllResourcesReady"), resources=EXCLUDED + GATE, given={"gate": OPEN}
    ),
    "no node at all": Case(NEW, ("ready", "AllResourcesReady"), resources=""),
    "an instance inside is not reconciled": Case(
        NEW,
        ("progressing", "Progressing"),
        "inner: Not reconciled yet.",
        resources=NESTED,
        given={"inner": {}},
    ),
    "degraded before it was ever ready": Case(
        NEW,
        ("progressing", "Progressing"),
        "scaler: NoMetrics",
        resources=SCALER,
        given={"scaler": {"status": BLIND}},
    ),
    # It was ready.
    "pods were lost": Case(
        READY, ("degraded", "ResourceNotReady"), "web: 1 of 3 pods are ready.", given={"web": pods(1)}
    ),
    "pods are added": Case(
        READY,
        ("progressing", "Progressing"),
        "web: 3 of 5 pods are ready.",
        given={"web": pods(3, desired=5, generation=2)},
    ),
    "a resource was deleted": Case(READY, ("degraded", "ResourceNotReady"), "web: Not created yet."),
    "a resource was recreated": Case(
        READY,
        ("degraded", "ResourceNotReady"),
        "web: 0 of 3 pods are ready.",
        given={"web": pods(0, uid="web-2")},
    ),
    "an external object was deleted": Case(
        READY, ("degraded", "ResourceNotReady"), "given: ", resources=EXTERNAL
    ),
    "pods are lost while another spec is applied": Case(
        READY,
        ("progressing", "Progressing"),
        "web: 1 of 3 pods are ready.",
        given={"web": pods(1)},
        metadata={"generation": 2},
    ),
    "pods are added while it is degraded": Case(
        DEGRADED,
        ("degraded", "ResourceNotReady"),
        "web: 3 of 5 pods are ready.",
        given={"web": pods(3, desired=5, generation=2)},
    ),
    "it recovered": Case(DEGRADED, ("ready", "AllResourcesReady"), given={"web": pods(3)}),
    "it was ready and fails": Case(
        READY, ("failed", "ResourceFailed"), "web: refused", given={"web": pods(1)}, errors={"web": "refused"}
    ),
    "a condition of the author cannot be evaluated": Case(
        READY,
        ("failed", "ConditionFailed"),
        "status.conditions[0]: ",
        given={"web": pods(3)},
        status=BROKEN_CONDITION,
    ),
    "the same while it has failed anyway": Case(
        READY,
        ("failed", "ResourceFailed"),
        "web: refused",
        errors={"web": "refused"},
        given={"web": pods(3)},
        status=BROKEN_CONDITION,
    ),
    # Nothing was rendered.
    "it is suspended": Case(
        READY, ("waiting", "Suspended"), "Reconciliation is suspended", outcome=Suspended()
    ),
    "another tool manages it": Case(
        READY, ("failed", "ManagementFailed"), "Helm does.", outcome=ManagedElsewhere("Helm does.")
    ),
    "its contract does not compile": Case(
        READY, ("failed", "ResolutionFailed"), "Line 1.", outcome=NotCompiled("Line 1.")
    ),
    "the pass failed": Case(
        READY, ("unknown", "ReconcileFailed"), "Forbidden.", outcome=Failed("Forbidden.")
    ),
    "it is being deleted": Case(
        READY,
        ("deleting", "Deleting"),
        "Two are left.",
        outcome=Deleting("Two are left."),
        metadata={"deletionTimestamp": NOW},
    ),
    # A user requested its deletion, and the cluster does not know yet.
    "deletion was requested while it is ready": Case(
        REQUESTED, ("deleting", "DeletionRequested"), "Deletion requested.", given={"web": pods(3)}
    ),
    "deletion was requested while it fails": Case(
        REQUESTED, ("deleting", "DeletionRequested"), "Deletion requested.", outcome=Failed("Forbidden.")
    ),
    "deletion was requested and the cluster knows": Case(
        REQUESTED,
        ("deleting", "Deleting"),
        "Two are left.",
        outcome=Deleting("Two are left."),
        metadata={"deletionTimestamp": NOW},
    ),
    "deletion was requested, the cluster knows, and the pass failed": Case(
        REQUESTED,
        ("unknown", "ReconcileFailed"),
        "Forbidden.",
        outcome=Failed("Forbidden."),
        metadata={"deletionTimestamp": NOW},
    ),
}

# What the custom resource says for each state that the page shows: ``state`` and the status of ``Ready``.
WRITTEN = {
    "ready": ("ACTIVE", "True"),
    "waiting": ("IN_PROGRESS", "False"),
    "progressing": ("IN_PROGRESS", "False"),
    "degraded": ("IN_PROGRESS", "False"),
    "failed": ("ERROR", "False"),
    "deleting": ("DELETING", "Unknown"),
    "unknown": ("IN_PROGRESS", "Unknown"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_state_and_reason(case: Case) -> None:
    assessment = case.report().assessment
    assert (assessment.state, assessment.reason) == case.expected
    assert assessment.message.startswith(case.message)
    assert bool(assessment.message) == bool(case.message)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_custom_resource_agrees_with_the_page(case: Case) -> None:
    found = case.report()
    ready = condition_of({"status": {"conditions": list(found.own_conditions)}}, "Ready")
    assert ready is not None
    assert (found.status["state"], ready["status"]) == WRITTEN[found.assessment.state]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_message_is_about_the_node_that_it_names(case: Case) -> None:
    assessment = case.report().assessment
    nodes = {node.id: node for node in assessment.nodes or ()}
    if assessment.node:
        assert assessment.message == f"{assessment.node}: {nodes[assessment.node].reason}"
    else:
        assert assessment.message.partition(":")[0] not in nodes


def after(previous: Previous, name: str) -> Previous:
    return previous.followed_by(replace(CASES[name], previous=previous).report().assessment)


def test_what_was_ready_once_is_known_until_the_spec_changes() -> None:
    known = after(NEW, "all pods are ready")
    assert (known.state, known.was_ready) == ("ready", True)
    assert known.resources[WEB] == KnownResource("web-1", ReadyBaseline("web-1", 1, 0))
    known = after(known, "pods were lost")
    assert (known.state, known.was_ready) == ("degraded", True)
    assert known.resources[WEB].baseline is not None
    known = after(known, "pods are lost while another spec is applied")
    assert (known.state, known.was_ready, known.generation) == ("progressing", False, 2)
    assert known.resources[WEB] == KnownResource("web-1")


@pytest.mark.parametrize("name", ["it is suspended", "its contract does not compile", "the pass failed"])
def test_a_pass_that_renders_nothing_keeps_what_is_known(name: str) -> None:
    known = after(READY, name)
    assert (known.was_ready, known.resources) == (True, READY.resources)


def test_an_assessment_without_resources_is_completed_by_an_older_one() -> None:
    older = CASES["pods are starting"].report().assessment
    newer = CASES["the pass failed"].report().assessment
    completed = newer.completed_by(older)
    assert (completed.state, completed.nodes, completed.resources) == (
        "unknown",
        older.nodes,
        older.resources,
    )
    assert older.completed_by(newer) == older


def test_every_reason_of_a_collection_is_reported_once() -> None:
    definition = defined(config_map("part", extra='forEach: [{i: \'${["p", "q", "r"]}\'}]', name="${i}"))
    instance = {**instance_of(definition, {}), "metadata": METADATA}
    rendering = render(definition, instance, {})
    desired = children(instance, definition, rendering)
    errors = {
        child.reference.identity: why for child, why in zip(desired, ("no", "no", "never"), strict=True)
    }
    graph = Graph(definition, rendering, {}, desired)
    assessment = assess(NEW, Observation(instance), Reconciled(graph, errors))
    assert assessment.problems == ("part: no", "part: never")


def deletion(definition: Definition | None, *members: dict[str, Any]) -> Assessment:
    instance = {
        "apiVersion": "example.com/v1",
        "kind": "Example",
        "metadata": {**METADATA, "deletionTimestamp": NOW},
    }
    return assess(READY, Observation(instance, members=members), Deleting("", definition))


def test_nodes_of_a_deletion() -> None:
    definition = defined(
        config_map("a") + config_map("b", "data: {k: '${a.metadata.name}'}") + config_map("c")
    )
    label = {"slipway.dev/node": "a"}
    first = live(definition, "a", metadata={"labels": label})
    second = live(definition, "b", metadata={"labels": {"slipway.dev/node": "b"}, "deletionTimestamp": NOW})
    nodes = deletion(definition, first, second).nodes
    assert nodes is not None
    assert {node.id: (node.state, node.reason) for node in nodes} == {
        "a": ("waiting", "Waiting for the deletion of its dependents."),
        "b": ("deleting", "Being deleted."),
        "c": ("ignored", "Deleted."),
    }
    without = deletion(None, first, second)
    assert without.nodes is None
    assert [one.node for one in without.resources or ()] == ["a", "b"]
