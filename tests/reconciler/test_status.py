"""What a status says in the cluster: built-in conditions, state, the author's own (kro §5.3, §5.4, §5.6)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.compiler import Definition
from contracts.runtime import instance_of, render
from reconciler.instances.events import status_records
from reconciler.objects.accessors import reference_to
from reconciler.plan import children
from reconciler.status.conditions import Outcome, built_in, status_body
from reconciler.status.summary import node_lines, resource_lines, summarise
from tests.contracts.definitions import config_map, defined

BEFORE, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def instance(conditions: list[dict[str, Any]] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "shop", "namespace": "team", "uid": "u1", "generation": 7}
    status = {"status": {"state": "ACTIVE", "kept": "yes", "conditions": conditions}} if conditions else {}
    return {"apiVersion": "kro.run/v1alpha1", "kind": "Example", "metadata": metadata, "spec": spec, **status}


def condition(kind: str, status: str = "True", since: str = BEFORE) -> dict[str, Any]:
    return {"type": kind, "status": status, "lastTransitionTime": since}


OUTCOMES = {
    "all is well": (
        Outcome(),
        "ACTIVE",
        {"ResourcesReady": ("True", "AllResourcesReady"), "Ready": ("True", "Ready")},
    ),
    "something is waited for": (
        Outcome(not_ready="a: waits"),
        "IN_PROGRESS",
        {"ResourcesReady": ("False", "NotReady"), "Ready": ("False", "NotReady")},
    ),
    "a person must act": (
        Outcome(not_ready="a: taken", failed=True),
        "ERROR",
        {"ResourcesReady": ("False", "NotReady"), "Ready": ("False", "NotReady")},
    ),
    "it cannot be looked after": (
        Outcome(managed="Helm has it.", failed=True),
        "ERROR",
        {"InstanceManaged": ("False", "ManagementFailed"), "Ready": ("False", "ManagementFailed")},
    ),
    "its contract cannot be used": (
        Outcome(resolved="It does not compile.", failed=True),
        "ERROR",
        {"GraphResolved": ("False", "ResolutionFailed"), "Ready": ("False", "ResolutionFailed")},
    ),
    "it is suspended": (
        Outcome(not_ready="It is suspended.", suspended=True),
        "IN_PROGRESS",
        {
            "ResourcesReady": ("False", "ReconciliationSuspended"),
            "Ready": ("False", "ReconciliationSuspended"),
        },
    ),
    "it is being deleted": (
        Outcome(deleting="Two resources are left."),
        "DELETING",
        {"ResourcesReady": ("Unknown", "UnderDeletion"), "Ready": ("Unknown", "UnderDeletion")},
    ),
}


@pytest.mark.parametrize(("outcome", "state", "told"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_built_in_conditions_and_state(outcome: Outcome, state: str, told: dict[str, Any]) -> None:
    given = instance()
    conditions = built_in(given, outcome, NOW)
    assert [one["type"] for one in conditions] == [
        "InstanceManaged",
        "GraphResolved",
        "ResourcesReady",
        "Ready",
    ]
    found = {one["type"]: (one["status"], one["reason"]) for one in conditions}
    assert found == {"InstanceManaged": ("True", "Managed"), "GraphResolved": ("True", "Resolved")} | {
        **{kind: found[kind] for kind in found if kind not in told and kind.endswith("Ready")},
        **told,
    }
    assert {one["observedGeneration"] for one in conditions} == {7}
    assert status_body(given, None, outcome, conditions, NOW)["state"] == state


def test_ready_copies_the_words_of_what_is_not_well() -> None:
    *_, ready = built_in(instance(), Outcome(not_ready="a: waits"), NOW)
    assert ready["message"] == "a: waits"


def test_a_time_moves_only_when_the_status_changes() -> None:
    given = instance([condition("ResourcesReady", "False"), condition("Ready", "True")])
    times = {
        one["type"]: one["lastTransitionTime"] for one in built_in(given, Outcome(not_ready="a: waits"), NOW)
    }
    assert (times["ResourcesReady"], times["Ready"]) == (BEFORE, NOW)


ALWAYS = '${runtime.newCondition({type: "Usable", status: "True"})}'
LATER = '${runtime.newCondition({type: "Later", status: a.data.status})}'
PER_ITEM = "${schema.spec.items.map(i, runtime.newCondition({type: i, status: 'True'}))}"
BUILT_IN = [condition(kind) for kind in ("InstanceManaged", "GraphResolved", "ResourcesReady", "Ready")]


def speaking(*entries: str) -> Definition:
    block = "conditions:\n" + "".join(f"- |-\n  {entry}\n" for entry in entries)
    return defined(config_map("a"), status=block if entries else "")


def written(
    definition: Definition, given: dict[str, Any], observed: dict[str, Any] | None = None
) -> dict[str, Any]:
    conditions = built_in(given, Outcome(), NOW)
    rendering = render(definition, given, observed or {}, own_conditions=conditions)
    return status_body(given, rendering, Outcome(), conditions, NOW, definition)


def types(status: dict[str, Any]) -> list[str]:
    return [one["type"] for one in status["conditions"]]


WIRE: dict[str, tuple[tuple[str, ...], list[dict[str, Any]], dict[str, Any], list[str]]] = {
    "no block: the built-in ones": ((), [], {}, [one["type"] for one in BUILT_IN]),
    "a block hides the built-in ones": ((ALWAYS,), BUILT_IN, {}, ["Usable"]),
    "also those that are not told yet": ((ALWAYS, LATER), BUILT_IN, {}, ["Usable"]),
    "what has no value now keeps its last": ((ALWAYS, LATER), [condition("Later")], {}, ["Usable", "Later"]),
    "what is given no more goes": ((PER_ITEM,), [condition("p"), condition("q")], {"items": ["q"]}, ["q"]),
    "an entry that was taken out goes": ((ALWAYS,), [condition("Usable"), condition("Old")], {}, ["Usable"]),
    "the block was taken out": ((), [condition("Usable")], {}, [one["type"] for one in BUILT_IN]),
    "a built-in type of the author's": (
        ('${runtime.newCondition({type: "Ready", status: "False"})}',),
        BUILT_IN,
        {},
        ["Ready"],
    ),
}


@pytest.mark.parametrize(("entries", "before", "spec", "found"), WIRE.values(), ids=WIRE.keys())
def test_whose_conditions_stand_in_the_cluster(
    entries: tuple[str, ...], before: list[dict[str, Any]], spec: dict[str, Any], found: list[str]
) -> None:
    assert types(written(speaking(*entries), instance(before, **spec))) == found


def test_an_authors_ready_does_not_change_the_state() -> None:
    entry = '${runtime.newCondition({type: "Ready", status: "False"})}'
    assert written(speaking(entry), instance())["state"] == "ACTIVE"


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ((ALWAYS, LATER), "status.conditions[2]: “runtime.newCondition("),
        ((ALWAYS, PER_ITEM), "status.conditions: The condition “Usable” is given more than once"),
    ],
    ids=["a status that is none", "a type that comes twice"],
)
def test_a_condition_that_cannot_be_told_is_an_error_and_the_others_are_told(
    entries: tuple[str, ...], words: str
) -> None:
    definition = speaking('${runtime.newCondition({type: "Other", status: "True"})}', *entries)
    given = instance([condition("Later", "False")], items=["Usable", "p"])
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"status": "maybe"}}
    status = written(definition, given, {"a": live})
    assert status["state"] == "ERROR"
    assert {"Other", "Later"} <= set(types(status))
    (note,) = status_records(given, render(definition, given, {"a": live}).problems)
    assert note.warning
    assert note.message.startswith(words)


@pytest.mark.parametrize(
    ("before", "outcome", "found"),
    [
        (["Usable"], Outcome(deleting="One is left."), ["Usable", "ResourcesReady"]),
        (["Usable", "ResourcesReady"], Outcome(deleting="One is left."), ["Usable", "ResourcesReady"]),
        (["Usable", "Later"], Outcome(not_ready="Suspended.", suspended=True), ["Usable", "Later"]),
        ([], Outcome(managed="Helm has it.", failed=True), ["Usable"]),
    ],
    ids=["being deleted", "still being deleted", "suspended", "not looked after"],
)
def test_an_authors_conditions_stay_while_nothing_is_rendered(
    before: list[str], outcome: Outcome, found: list[str]
) -> None:
    given = instance([condition(kind) for kind in before])
    conditions = built_in(given, outcome, NOW)
    status = status_body(given, None, outcome, conditions, NOW, speaking(ALWAYS, LATER))
    assert types(status) == found
    if outcome.deleting:
        assert status["conditions"][-1]["message"] == "One is left."


@pytest.mark.parametrize(
    ("before", "found"),
    [(["Usable"], ["Usable"]), ([], [one["type"] for one in BUILT_IN])],
    ids=["the author's", "nobody's"],
)
def test_without_a_readable_contract_the_cluster_tells_whose_they_are(
    before: list[str], found: list[str]
) -> None:
    given = instance([condition(kind) for kind in before])
    outcome = Outcome(resolved="It does not compile.", failed=True)
    status = status_body(given, None, outcome, built_in(given, outcome, NOW), NOW, None)
    assert (types(status), status["state"]) == (found, "ERROR")


def test_fields_of_the_author_stay_while_nothing_is_rendered() -> None:
    given, outcome = instance(BUILT_IN), Outcome(deleting="One is left.")
    assert status_body(given, None, outcome, built_in(given, outcome, NOW), NOW)["kept"] == "yes"


NODES = {
    "left out": ("includeWhen: ['${schema.spec.size == 4}']", None, "ignored"),
    "waiting": ("includeWhen: ['${b.data.go == \"yes\"}']", None, "waiting"),
    "wanted": ("", None, "waiting"),
    "not ready": ("readyWhen: ['${a.data.go == \"yes\"}']", {"go": "no"}, "progressing"),
    "ready": ("readyWhen: ['${a.data.go == \"yes\"}']", {"go": "yes"}, "ready"),
    "readyWhen fails for ever": ("readyWhen: ['${1 / size(a.data) > 0}']", {}, "failed"),
    "an includeWhen that can never be": ("includeWhen: ['${schema.spec.free.on == true}']", None, "failed"),
}


@pytest.mark.parametrize(("extra", "data", "state"), NODES.values(), ids=NODES.keys())
def test_the_state_of_a_node_and_of_the_instance(extra: str, data: dict[str, str] | None, state: str) -> None:
    definition = defined(config_map("b") + config_map("a", extra=extra))
    given = instance_of(definition, {}, instance()["metadata"])
    live = {} if data is None else {"a": found("a", data)}
    rendering = render(definition, given, {"b": found("b", {}), **live})
    wanted = children(given, definition, rendering)
    there = {reference_to(one).identity: one for one in (found("b", {}), *live.values())}
    nodes = node_lines(definition, rendering, resource_lines(wanted, there, [], {}, {}), {})
    assert {node.id: node.state for node in nodes} == {"b": "ready", "a": state}
    whole = summarise(nodes, [], 7).state
    assert whole == ("ready" if state == "ignored" else state)


def found(name: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team", "uid": name, "resourceVersion": "1"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
