"""A loss, as opposed to a rollout and to scaling."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.objects.health import Health
from reconciler.status.baseline import ReadyBaseline, compare_with_baseline

READY, STARTING = Health("ready", "3/3"), Health("progressing", "2/3", "2 of 3 pods are ready.")


def workload(
    generation: int = 1, uid: str = "u1", kind: str = "Deployment", nodes: int = 0
) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "a", "uid": uid, "generation": generation},
        "status": {"desiredNumberScheduled": nodes},
    }


def baseline_of(ready: dict[str, Any]) -> ReadyBaseline | None:
    health, baseline = compare_with_baseline(ready, READY, None)
    assert health == READY
    return baseline


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        pytest.param(workload(1), workload(1), "degraded", id="nothing-else-was-requested"),
        pytest.param(workload(1), workload(2), "progressing", id="scaled-or-rolled-out"),
        pytest.param(workload(4), workload(1, uid="u2"), "degraded", id="deleted-and-recreated"),
        pytest.param(
            workload(kind="DaemonSet", nodes=3),
            workload(kind="DaemonSet", nodes=4),
            "progressing",
            id="new-node",
        ),
        pytest.param(
            workload(kind="DaemonSet", nodes=3),
            workload(kind="DaemonSet", nodes=3),
            "degraded",
            id="no-new-node",
        ),
        pytest.param(workload(0), workload(0), "progressing", id="a-kind-without-generations"),
    ],
)
def test_fewer_than_before(before: dict[str, Any], after: dict[str, Any], state: str) -> None:
    baseline = baseline_of(before)
    health, kept = compare_with_baseline(after, STARTING, baseline)
    assert (health.state, health.fact, health.message) == (state, STARTING.fact, STARTING.message)
    assert kept == baseline


def test_what_never_was_ready_lost_nothing() -> None:
    assert compare_with_baseline(workload(), STARTING, None) == (STARTING, None)


def test_a_failure_remains_one() -> None:
    baseline, failed = baseline_of(workload()), Health("failed", "0/3", "no image")
    assert compare_with_baseline(workload(), failed, baseline) == (failed, baseline)


def test_a_baseline_survives_storage() -> None:
    baseline = baseline_of(workload(kind="DaemonSet", nodes=3))
    assert baseline is not None
    assert ReadyBaseline(**baseline.as_dict()) == baseline
