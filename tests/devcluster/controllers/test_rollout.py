"""The sizes of replica sets during rollouts."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from devcluster.controllers.framework.objects import Object
from devcluster.controllers.workloads.rollout import (
    Bounds,
    bounds_of,
    initial_size,
    recreate_sizes,
    rolling_update_sizes,
    scaled_sizes,
)

Size: TypeAlias = tuple[str, int] | tuple[str, int, int]  # name, size, available


def replica_set(name: str, size: int, available: int | None = None) -> Object:
    ready = size if available is None else available
    return {"metadata": {"name": name}, "spec": {"replicas": size}, "status": {"availableReplicas": ready}}


@pytest.mark.parametrize(
    ("strategy", "replicas", "expected"),
    [
        pytest.param({}, 2, Bounds(2, 1, 0), id="a quarter of two is one more and none missing"),
        pytest.param({}, 10, Bounds(10, 3, 2), id="surge rounds up, unavailable rounds down"),
        pytest.param(
            {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}, 3, Bounds(3, 0, 1), id="never stuck"
        ),
        pytest.param(
            {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 9}}, 3, Bounds(3, 3, 3), id="capped"
        ),
        pytest.param({"type": "Recreate"}, 3, Bounds(3, 0, 3), id="recreate"),
    ],
)
def test_a_strategy_sets_bounds(strategy: Object, replicas: int, expected: Bounds) -> None:
    assert bounds_of({"spec": {"replicas": replicas, "strategy": strategy}}) == expected


@pytest.mark.parametrize(
    ("bounds", "old", "expected"),
    [
        pytest.param(Bounds(3, 1, 0), [], 3, id="nothing runs yet"),
        pytest.param(Bounds(3, 1, 0), [replica_set("a", 3)], 1, id="only the surge"),
        pytest.param(Bounds(3, 0, 1), [replica_set("a", 3)], 0, id="blocked by an old pod"),
    ],
)
def test_the_initial_size_of_a_new_replica_set(bounds: Bounds, old: list[Object], expected: int) -> None:
    assert initial_size(bounds, old) == expected


@pytest.mark.parametrize(
    ("bounds", "new", "old", "expected"),
    [
        pytest.param(Bounds(2, 1, 0), ("n", 1, 0), [("o", 2, 2)], {}, id="wait for the new pod"),
        pytest.param(Bounds(2, 1, 0), ("n", 1, 1), [("o", 2, 2)], {"o": 1}, id="an old pod may be deleted"),
        pytest.param(Bounds(2, 1, 0), ("n", 1, 1), [("o", 1, 1)], {"n": 2}, id="a new one may start"),
        pytest.param(Bounds(2, 1, 0), ("n", 2, 2), [("o", 0, 0)], {}, id="done"),
        pytest.param(Bounds(4, 0, 1), ("n", 0, 0), [("o", 4, 4)], {"o": 3}, id="old pods first"),
        pytest.param(Bounds(3, 1, 1), ("n", 1, 0), [("o", 3, 1)], {"o": 2}, id="broken old pods go first"),
        pytest.param(Bounds(2, 1, 0), ("n", 3, 3), [], {"n": 2}, id="too many new ones"),
        pytest.param(
            Bounds(2, 2, 0),
            ("n", 2, 2),
            [("a", 1, 0), ("b", 1, 1)],
            {"a": 0, "b": 0},
            id="all old ones at once",
        ),
    ],
)
def test_a_rolling_update_moves_one_step(
    bounds: Bounds, new: Size, old: list[Size], expected: dict[str, int]
) -> None:
    assert rolling_update_sizes(bounds, replica_set(*new), [replica_set(*each) for each in old]) == expected


@pytest.mark.parametrize(
    ("new", "old", "old_pods", "expected"),
    [
        pytest.param(None, [("o", 2)], 2, {"o": 0}, id="old ones are deleted"),
        pytest.param(("n", 0), [("o", 0)], 1, {}, id="until their pods are deleted"),
        pytest.param(("n", 0), [("o", 0)], 0, {"n": 2}, id="then new ones are created"),
    ],
)
def test_recreate_never_runs_both(
    new: Size | None, old: list[Size], old_pods: int, expected: dict[str, int]
) -> None:
    given = replica_set(*new) if new else None
    assert recreate_sizes(Bounds(2, 0, 2), given, [replica_set(*each) for each in old], old_pods) == expected


@pytest.mark.parametrize(
    ("bounds", "new", "old", "expected"),
    [
        pytest.param(Bounds(5, 2, 1), ("n", 2, 2), [], {"n": 5}, id="only one runs"),
        pytest.param(Bounds(0, 0, 0), ("n", 2, 2), [], {"n": 0}, id="to zero"),
        pytest.param(
            Bounds(20, 5, 5), ("n", 5, 0), [("o", 8, 8)], {"n": 10, "o": 15}, id="by share in a rollout"
        ),
        pytest.param(
            Bounds(3, 1, 0), ("n", 4, 4), [("o", 1, 1)], {"n": 3, "o": 0}, id="the new one is enough"
        ),
    ],
)
def test_scaling_is_proportional_during_a_rollout(
    bounds: Bounds, new: Size, old: list[Size], expected: dict[str, int]
) -> None:
    assert scaled_sizes(bounds, replica_set(*new), [replica_set(*each) for each in old]) == expected
