# ruff: noqa: E501
"""The author's own conditions (kro §5.6)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.runtime import Rendering, instance_of, merge_conditions, render
from tests.contracts.definitions import config_map, defined, existing


def conditions(
    *entries: str, observed: object = None, own: tuple[dict[str, Any], ...] = (), **spec: Any
) -> Rendering:
    status = "conditions:\n" + "\n".join(f"- '{entry}'" for entry in entries)
    definition = defined(config_map("a"), status=status)
    return render(definition, instance_of(definition, spec), {"a": observed}, own_conditions=own)


LIVE = {
    "kind": "ConfigMap",
    "apiVersion": "v1",
    "metadata": {"name": "a", "namespace": "default"},
    "data": {"k": "v"},
}


def test_no_conditions_without_a_block() -> None:
    definition = defined(config_map("a"))
    assert render(definition, instance_of(definition, {}), {}).conditions is None


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (
            '${runtime.newCondition({type: "A", status: "True", reason: "R", message: "M"})}',
            [{"type": "A", "status": "True", "reason": "R", "message": "M"}],
        ),
        (
            '${runtime.newCondition({type: "A", status: schema.spec.flag ? "True" : "False"})}',
            [{"type": "A", "status": "True"}],
        ),
        (
            '${[runtime.newCondition({type: "A", status: "True"}), runtime.newCondition({type: "B", status: "Unknown"})]}',
            [{"type": "A", "status": "True"}, {"type": "B", "status": "Unknown"}],
        ),
        (
            '${runtime.newCondition({type: "A", status: a.data.k == "v" ? "True" : "False"})}',
            [{"type": "A", "status": "True"}],
        ),
    ],
)
def test_an_entry_evaluates_to_conditions(entry: str, found: list[dict[str, Any]]) -> None:
    assert conditions(entry, observed=LIVE, flag=True).conditions == found


def test_pending_conditions_are_omitted() -> None:
    rendering = conditions(
        '${runtime.newCondition({type: "A", status: a.data.k})}',
        '${runtime.newCondition({type: "B", status: "True"})}',
    )
    assert rendering.conditions == [{"type": "B", "status": "True"}]
    assert rendering.problems == ()


def test_failing_entries_are_reported_and_the_others_returned() -> None:
    rendering = conditions(
        '${runtime.newCondition({type: "A", status: a.data.k})}',
        '${runtime.newCondition({type: "B", status: "True"})}',
        observed=LIVE,
    )
    assert rendering.conditions == [{"type": "B", "status": "True"}]
    assert [p.code for p in rendering.problems] == ["condition-failed"]


def test_a_duplicate_type_is_omitted() -> None:
    twice = '${runtime.newCondition({type: schema.spec.name, status: "True"})}'
    rendering = conditions(
        twice,
        '${runtime.newCondition({type: "demo", status: "False"})}',
        '${runtime.newCondition({type: "B", status: "True"})}',
    )
    assert rendering.conditions == [{"type": "B", "status": "True"}]
    assert [p.code for p in rendering.problems] == ["condition-twice"]


def test_built_in_conditions_can_be_read() -> None:
    entry = '${runtime.newCondition({type: "A", status: runtime.condition(schema, "Ready").status})}'
    assert conditions(entry, own=({"type": "Ready", "status": "False"},)).conditions == [
        {"type": "A", "status": "False"}
    ]


def test_the_result_reports_whether_it_is_complete() -> None:
    known, unknown = (
        '${runtime.newCondition({type: "B", status: "True"})}',
        '${runtime.newCondition({type: "A", status: a.data.k})}',
    )
    assert conditions(known).complete
    assert not conditions(known, unknown).complete
    assert not conditions(known, unknown, observed=LIVE).complete
    assert not conditions(known, '${runtime.newCondition({type: "B" + "", status: "True"})}').complete


def test_one_entry_may_return_many_or_none() -> None:
    entry = '${schema.spec.items.map(i, runtime.newCondition({type: i, status: "True"}))}'
    assert [one["type"] for one in existing(conditions(entry, items=["q", "p"]).conditions)] == ["q", "p"]
    nothing = conditions(entry, items=[])
    assert (nothing.conditions, nothing.complete) == ([], True)


def test_an_unknown_built_in_type_is_empty() -> None:
    entry = '${runtime.newCondition({type: "A", status: runtime.condition(schema, schema.spec.name).type == "" ? "True" : "False"})}'
    assert conditions(entry).conditions == [{"type": "A", "status": "True"}]


def test_an_overridden_type_reads_as_the_built_in_one() -> None:
    entries = (
        '${runtime.newCondition({type: "ResourcesReady", status: "True"})}',
        '${runtime.newCondition({type: "A", status: runtime.condition(schema, "ResourcesReady").status})}',
    )
    assert conditions(*entries, own=({"type": "ResourcesReady", "status": "False"},)).conditions == [
        {"type": "ResourcesReady", "status": "True"},
        {"type": "A", "status": "False"},
    ]


def test_a_failing_entry_is_named_by_its_position() -> None:
    rendering = conditions(
        '${runtime.newCondition({type: "B", status: "True"})}',
        '${runtime.newCondition({type: "A", status: a.data.k})}',
        observed=LIVE,
    )
    assert [problem.path for problem in rendering.problems] == ["status.conditions[1]"]


def test_transition_times_change_with_the_status_and_pending_types_remain() -> None:
    before = [
        {"type": "A", "status": "True", "lastTransitionTime": "t0"},
        {"type": "B", "status": "True", "lastTransitionTime": "t0"},
        {"type": "C", "status": "True", "lastTransitionTime": "t0"},
    ]
    produced = [
        {"type": "A", "status": "True", "message": "new"},
        {"type": "B", "status": "False"},
        {"type": "D", "status": "True"},
    ]
    merged = merge_conditions(before, produced, "t1", 7)
    assert [one["type"] for one in merged] == ["A", "B", "D"]
    assert merge_conditions(before, produced, "t1", 7, complete=False) == [
        {
            "type": "A",
            "status": "True",
            "message": "new",
            "lastTransitionTime": "t0",
            "observedGeneration": 7,
        },
        {"type": "B", "status": "False", "lastTransitionTime": "t1", "observedGeneration": 7},
        {"type": "D", "status": "True", "lastTransitionTime": "t1", "observedGeneration": 7},
        {"type": "C", "status": "True", "lastTransitionTime": "t0"},
    ]
