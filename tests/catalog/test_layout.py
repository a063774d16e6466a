"""The layout of the nodes of a graph."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest

from catalog.graph.layout import Edge, Measures, compute_layout, nearest_with_gaps, without_implied

SIZES = Measures()


def test_an_empty_graph_is_an_empty_picture() -> None:
    assert compute_layout([], []).boxes == {}


def test_dependencies_are_above_their_dependents() -> None:
    boxes = compute_layout(
        ["service", "deployment", "config"], [("config", "deployment"), ("deployment", "service")]
    ).boxes
    assert [boxes[name][1] for name in ("config", "deployment", "service")] == [18, 102, 186]


def test_an_edge_that_a_longer_path_implies_is_not_drawn() -> None:
    assert without_implied([("a", "b"), ("b", "c"), ("a", "c")]) == [("a", "b"), ("b", "c")]


def test_a_cycle_is_still_drawn() -> None:
    drawn = compute_layout(
        ["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("a", "missing")]
    )
    assert set(drawn.boxes) == {"a", "b", "c"}


def test_two_chains_do_not_cross() -> None:
    drawn = compute_layout(["a", "b", "x", "y"], [("a", "y"), ("b", "x")])
    assert drawn.crossings == 0


def test_an_unconnected_node_leaves_no_gap_in_its_row() -> None:
    drawn = compute_layout(["certificate", "deployment", "policy", "service"], [("deployment", "service")])
    lefts = [drawn.boxes[name][0] for name in ("certificate", "deployment", "policy")]
    assert [b - a for a, b in pairwise(sorted(lefts))] == [SIZES.width + SIZES.beside] * 2


@pytest.mark.parametrize("seed", range(8))
def test_nodes_do_not_overlap_and_are_inside_the_picture(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"n{number}" for number in range(25)]
    edges: list[Edge] = [pair for pair in combinations(names, 2) if chance.random() < 0.08]
    drawn = compute_layout(names, edges)
    rows: dict[int, list[int]] = {}
    for left, top in drawn.boxes.values():
        assert 0 <= left <= drawn.width - SIZES.width
        assert 0 <= top <= drawn.height - SIZES.height
        rows.setdefault(top, []).append(left)
    for lefts in rows.values():
        assert all(b - a >= SIZES.width + SIZES.beside - 1 for a, b in pairwise(sorted(lefts)))
    for upper, lower in drawn.paths:
        assert drawn.boxes[upper][1] < drawn.boxes[lower][1]


@pytest.mark.parametrize(
    ("desired", "gaps", "places"),
    [
        ([(0, 1), (10, 1)], [5], [0, 10]),
        ([(0, 1), (0, 1)], [10], [-5, 5]),
        ([(0, 3), (0, 1)], [8], [-2, 6]),
    ],
)
def test_neighbours_share_the_space(
    desired: list[tuple[float, float]], gaps: list[float], places: list[float]
) -> None:
    assert nearest_with_gaps(desired, gaps) == places
