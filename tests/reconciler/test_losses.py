"""A loss, told from a rollout and from scaling; and when an instance counts as degraded."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.objects.accessors import Reference
from reconciler.objects.health import Health
from reconciler.status.baseline import ReadinessBaseline
from reconciler.status.summary import NodeLine, ResourceLine, summarise

READY, COMING = Health("ready", "3/3"), Health("progressing", "2/3", "2 of 3 pods are ready.")


def workload(
    generation: int = 1, uid: str = "u1", kind: str = "Deployment", nodes: int = 0
) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "a", "uid": uid, "generation": generation},
        "status": {"desiredNumberScheduled": nodes},
    }


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        pytest.param(workload(1), workload(1), "degraded", id="nothing-else-was-asked-for"),
        pytest.param(workload(1), workload(2), "progressing", id="scaled-or-rolled-out"),
        pytest.param(workload(4), workload(1, uid="u2"), "degraded", id="deleted-and-made-again"),
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
def test_less_than_before(before: dict[str, Any], after: dict[str, Any], state: str) -> None:
    losses = ReadinessBaseline()
    assert losses.judge(before, READY) == READY
    assert losses.judge(after, COMING) == Health(state, COMING.fact, COMING.message)


def test_what_never_was_ready_lost_nothing() -> None:
    losses = ReadinessBaseline()
    assert losses.judge(workload(), COMING) == COMING
    assert losses.judge(workload(), COMING) == COMING


def test_a_failure_stays_one() -> None:
    losses, failed = ReadinessBaseline(), Health("failed", "0/3", "no image")
    losses.judge(workload(), READY)
    assert losses.judge(workload(), failed) == failed


def test_another_wish_for_the_instance_is_a_new_start() -> None:
    losses = ReadinessBaseline()
    losses.wish(1)
    losses.judge(workload(), READY)
    losses.wish(2)
    assert losses.judge(workload(), COMING) == COMING


def test_an_instance_is_underway_while_one_of_its_objects_is() -> None:
    nodes = [NodeLine("web", "Deployment", "progressing", COMING.message)]
    reference = Reference("apps/v1", "Deployment", "a", "web")
    coming, missing = (
        ResourceLine("web", 0, reference, COMING, uid="u1"),
        ResourceLine("web", 0, reference, COMING),
    )
    assert summarise(nodes, [coming], 1).is_underway
    assert not summarise(nodes, [missing], 1).is_underway
