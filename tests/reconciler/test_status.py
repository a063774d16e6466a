"""The status of a custom resource: built-in conditions, state, the author's own (kro §5.3, §5.4, §5.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from contracts.compiler import Definition
from contracts.runtime import instance_of, render
from reconciler.instances.events import status_records
from reconciler.objects.accessors import reference_to
from reconciler.plan import Graph, Observation, children
from reconciler.status.assess import Assessment, Previous, assess
from reconciler.status.conditions import built_in_conditions
from reconciler.status.nodes import NodeStatus
from reconciler.status.outcome import (
    Deleting,
    ManagedElsewhere,
    NotCompiled,
    Outcome,
    Reconciled,
    Suspended,
)
from reconciler.status.report import Report, report, status_manifest
from tests.contracts.definitions import config_map, defined

BEFORE, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def instance(conditions: list[dict[str, Any]] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "shop", "namespace": "team", "uid": "u1", "generation": 7}
    status = {"status": {"state": "ACTIVE", "kept": "yes", "conditions": conditions}} if conditions else {}
    return {"apiVersion": "kro.run/v1alpha1", "kind": "Example", "metadata": metadata, "spec": spec, **status}


def condition(kind: str, status: str = "True", since: str = BEFORE) -> dict[str, Any]:
    return {"type": kind, "status": status, "lastTransitionTime": since}


NOT_READY = Assessment("waiting", "Waiting", "a: waits", problems=("a: waits",), nodes=())
ASSESSMENTS = {
    "all is ready": (
        Assessment("ready", "AllResourcesReady", nodes=()),
        {"ResourcesReady": ("True", "AllResourcesReady"), "Ready": ("True", "Ready")},
    ),
    "a node waits": (
        NOT_READY,
        {"ResourcesReady": ("False", "NotReady"), "Ready": ("False", "NotReady")},
    ),
    "a node is being deleted": (
        replace(NOT_READY, nodes=(NodeStatus("a", "ConfigMap", "deleting"),)),
        {"ResourcesReady": ("False", "ResourceDeleting"), "Ready": ("False", "ResourceDeleting")},
    ),
    "a node failed": (
        Assessment("failed", "ResourceFailed", "a: taken", problems=("a: taken",), nodes=()),
        {"ResourcesReady": ("False", "NotReady"), "Ready": ("False", "NotReady")},
    ),
    "a condition of the author failed": (
        Assessment("failed", "ConditionFailed", "status.conditions[0]: no", nodes=()),
        {"ResourcesReady": ("True", "AllResourcesReady"), "Ready": ("False", "ConditionFailed")},
    ),
    "another tool manages it": (
        Assessment("failed", "ManagementFailed", "Helm does."),
        {
            "InstanceManaged": ("False", "ManagementFailed"),
            "ResourcesReady": ("False", "NotReady"),
            "Ready": ("False", "ManagementFailed"),
        },
    ),
    "its contract does not compile": (
        Assessment("failed", "ResolutionFailed", "Line 1."),
        {
            "GraphResolved": ("False", "ResolutionFailed"),
            "ResourcesReady": ("False", "NotReady"),
            "Ready": ("False", "ResolutionFailed"),
        },
    ),
    "it is suspended": (
        Assessment("waiting", "Suspended", "Suspended."),
        {
            "ResourcesReady": ("False", "ReconciliationSuspended"),
            "Ready": ("False", "ReconciliationSuspended"),
        },
    ),
    "it is being deleted": (
        Assessment("deleting", "Deleting", "Two resources are left."),
        {"ResourcesReady": ("Unknown", "UnderDeletion"), "Ready": ("Unknown", "UnderDeletion")},
    ),
    "the pass failed": (
        Assessment("unknown", "ReconcileFailed", "Forbidden."),
        {"ResourcesReady": ("Unknown", "ReconcileFailed"), "Ready": ("Unknown", "ReconcileFailed")},
    ),
}


@pytest.mark.parametrize(("assessment", "expected"), ASSESSMENTS.values(), ids=ASSESSMENTS.keys())
def test_built_in_conditions(assessment: Assessment, expected: dict[str, Any]) -> None:
    conditions = built_in_conditions(instance(), assessment, NOW)
    assert [one["type"] for one in conditions] == [
        "InstanceManaged",
        "GraphResolved",
        "ResourcesReady",
        "Ready",
    ]
    found = {one["type"]: (one["status"], one["reason"]) for one in conditions}
    well = {"InstanceManaged": ("True", "Managed"), "GraphResolved": ("True", "Resolved")}
    assert found == {**well, **expected}
    assert {one["observedGeneration"] for one in conditions} == {7}


def test_ready_copies_the_message_of_what_is_not_ready() -> None:
    *_, ready = built_in_conditions(instance(), NOT_READY, NOW)
    assert ready["message"] == "a: waits"


def test_a_time_changes_only_when_the_status_does() -> None:
    given = instance([condition("ResourcesReady", "False"), condition("Ready", "True")])
    conditions = built_in_conditions(given, NOT_READY, NOW)
    times = {one["type"]: one["lastTransitionTime"] for one in conditions}
    assert (times["ResourcesReady"], times["Ready"]) == (BEFORE, NOW)


ALWAYS = '${runtime.newCondition({type: "Usable", status: "True"})}'
LATER = '${runtime.newCondition({type: "Later", status: a.data.status})}'
PER_ITEM = "${schema.spec.items.map(i, runtime.newCondition({type: i, status: 'True'}))}"
BUILT_IN = [condition(kind) for kind in ("InstanceManaged", "GraphResolved", "ResourcesReady", "Ready")]


def with_conditions(*entries: str) -> Definition:
    block = "conditions:\n" + "".join(f"- |-\n  {entry}\n" for entry in entries)
    return defined(config_map("a"), status=block if entries else "")


def reported(definition: Definition, given: dict[str, Any], observed: dict[str, Any] | None = None) -> Report:
    """Of a pass that found what ``observed`` holds by node."""
    objects = {"a": found("a", {}), **(observed or {})}
    rendering = render(definition, given, objects)
    desired = children(given, definition, rendering)
    live = {reference_to(one).identity: one for one in objects.values()}
    graph = Graph(definition, rendering, observed or {}, desired)
    return report(Previous(), Observation(given, found=live), Reconciled(graph), definition, NOW)


def written(
    definition: Definition, given: dict[str, Any], observed: dict[str, Any] | None = None
) -> Mapping[str, Any]:
    return reported(definition, given, observed).status


def without_graph(
    definition: Definition | None, given: dict[str, Any], outcome: Outcome
) -> Mapping[str, Any]:
    return report(Previous(), Observation(given), outcome, definition, NOW).status


def types(status: Mapping[str, Any]) -> list[str]:
    return [one["type"] for one in status["conditions"]]


WIRE: dict[str, tuple[tuple[str, ...], list[dict[str, Any]], dict[str, Any], list[str]]] = {
    "no block: the built-in ones": ((), [], {}, [one["type"] for one in BUILT_IN]),
    "a block hides the built-in ones": ((ALWAYS,), BUILT_IN, {}, ["Usable"]),
    "also those without a value yet": ((ALWAYS, LATER), BUILT_IN, {}, ["Usable"]),
    "one without a value is kept": ((ALWAYS, LATER), [condition("Later")], {}, ["Usable", "Later"]),
    "one that is no longer produced is removed": (
        (PER_ITEM,),
        [condition("p"), condition("q")],
        {"items": ["q"]},
        ["q"],
    ),
    "a removed entry is removed": ((ALWAYS,), [condition("Usable"), condition("Old")], {}, ["Usable"]),
    "the block was removed": ((), [condition("Usable")], {}, [one["type"] for one in BUILT_IN]),
    "a built-in type of the author's": (
        ('${runtime.newCondition({type: "Ready", status: "False"})}',),
        BUILT_IN,
        {},
        ["Ready"],
    ),
}


@pytest.mark.parametrize(("entries", "before", "spec", "expected"), WIRE.values(), ids=WIRE.keys())
def test_whose_conditions_are_written(
    entries: tuple[str, ...], before: list[dict[str, Any]], spec: dict[str, Any], expected: list[str]
) -> None:
    assert types(written(with_conditions(*entries), instance(before, **spec))) == expected


def test_the_page_shows_the_authors_conditions_and_the_built_in_ones() -> None:
    result = reported(with_conditions(ALWAYS), instance())
    assert [one["type"] for one in result.conditions] == ["Usable", *(one["type"] for one in BUILT_IN)]
    assert result.fields == {}
    assert status_manifest(instance(), result.status)["status"] == result.status


def test_an_authors_ready_does_not_change_the_state() -> None:
    entry = '${runtime.newCondition({type: "Ready", status: "False"})}'
    assert written(with_conditions(entry), instance())["state"] == "ACTIVE"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ((ALWAYS, LATER), "status.conditions[2]: “runtime.newCondition("),
        ((ALWAYS, PER_ITEM), "status.conditions: The condition “Usable” is returned more than once"),
    ],
    ids=["an invalid status", "a duplicate type"],
)
def test_a_condition_that_cannot_be_evaluated_is_an_error_and_the_others_are_written(
    entries: tuple[str, ...], message: str
) -> None:
    definition = with_conditions('${runtime.newCondition({type: "Other", status: "True"})}', *entries)
    given = instance([condition("Later", "False")], items=["Usable", "p"])
    live = {**found("a", {"status": "maybe"})}
    result = reported(definition, given, {"a": live})
    assert result.status["state"] == "ERROR"
    assert (result.assessment.state, result.assessment.reason) == ("failed", "ConditionFailed")
    assert result.assessment.message.startswith(message)
    assert {"Other", "Later"} <= set(types(result.status))
    (record,) = status_records(given, result.problems)
    assert record.warning
    assert record.message.startswith(message)


@pytest.mark.parametrize(
    ("before", "outcome", "expected"),
    [
        (["Usable"], Deleting("One is left."), ["Usable", "ResourcesReady"]),
        (["Usable", "ResourcesReady"], Deleting("One is left."), ["Usable", "ResourcesReady"]),
        (["Usable", "Later"], Suspended(), ["Usable", "Later"]),
        ([], ManagedElsewhere("Helm does."), ["Usable"]),
    ],
    ids=["being deleted", "still being deleted", "suspended", "managed by another tool"],
)
def test_an_authors_conditions_remain_while_nothing_is_rendered(
    before: list[str], outcome: Outcome, expected: list[str]
) -> None:
    given = instance([condition(kind) for kind in before])
    status = without_graph(with_conditions(ALWAYS, LATER), given, outcome)
    assert types(status) == expected
    if isinstance(outcome, Deleting):
        assert status["conditions"][-1]["message"] == "One is left."


@pytest.mark.parametrize(
    ("before", "expected"),
    [(["Usable"], ["Usable"]), ([], [one["type"] for one in BUILT_IN])],
    ids=["the author's", "none"],
)
def test_without_a_compiled_contract_the_authors_conditions_are_recognized(
    before: list[str], expected: list[str]
) -> None:
    given = instance([condition(kind) for kind in before])
    status = without_graph(None, given, NotCompiled("Line 1."))
    assert (types(status), status["state"]) == (expected, "ERROR")


def test_the_authors_fields_remain_while_nothing_is_rendered() -> None:
    assert without_graph(None, instance(BUILT_IN), Deleting("One is left."))["kept"] == "yes"


NODES = {
    "excluded": ("includeWhen: ['${schema.spec.size == 4}']", None, "ignored"),
    "waiting": ("includeWhen: ['${b.data.go == \"yes\"}']", None, "waiting"),
    "desired": ("", None, "waiting"),
    "not ready": ("readyWhen: ['${a.data.go == \"yes\"}']", {"go": "no"}, "progressing"),
    "ready": ("readyWhen: ['${a.data.go == \"yes\"}']", {"go": "yes"}, "ready"),
    "readyWhen always fails": ("readyWhen: ['${1 / size(a.data) > 0}']", {}, "failed"),
    "an impossible includeWhen": ("includeWhen: ['${schema.spec.free.on == true}']", None, "failed"),
}


@pytest.mark.parametrize(("extra", "data", "state"), NODES.values(), ids=NODES.keys())
def test_the_state_of_a_node_and_of_the_instance(extra: str, data: dict[str, str] | None, state: str) -> None:
    definition = defined(config_map("b") + config_map("a", extra=extra))
    given = instance_of(definition, {}, instance()["metadata"])
    objects = {"b": found("b", {}), **({} if data is None else {"a": found("a", data)})}
    rendering = render(definition, given, objects)
    desired = children(given, definition, rendering)
    live = {reference_to(one).identity: one for one in objects.values()}
    graph = Graph(definition, rendering, objects, desired)
    assessment = assess(Previous(), Observation(given, found=live), Reconciled(graph))
    assert {node.id: node.state for node in assessment.nodes or ()} == {"b": "ready", "a": state}
    assert assessment.state == ("ready" if state == "ignored" else state)


def found(name: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team", "uid": name, "resourceVersion": "1"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
