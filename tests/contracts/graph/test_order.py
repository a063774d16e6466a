"""Order, layers and cycles of a graph of names (kro §4.1, §4.2)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.graph import cycles, find_cycle, layers, topological_order


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        ({}, []),
        ({"b": [], "a": []}, ["b", "a"]),
        ({"c": ["a"], "b": [], "a": []}, ["b", "a", "c"]),
        ({"a": ["z"], "b": [], "z": []}, ["b", "z", "a"]),
        ({"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []}, ["a", "b", "c", "d"]),
        ({"x": ["elsewhere"], "y": ["x"]}, ["x", "y"]),
        ({"a": ["a"], "b": ["c"], "c": ["b"], "d": ["c"], "e": []}, ["a", "e", "b", "c", "d"]),
    ],
    ids=[
        "nothing",
        "author's order",
        "as early as possible",
        "position decides",
        "diamond",
        "unknown names are ignored",
        "cycles and their dependents come last, except a self-reference",
    ],
)
def test_a_name_comes_after_its_dependencies(needs: dict[str, list[str]], order: list[str]) -> None:
    assert topological_order(needs) == order


def test_layers() -> None:
    assert layers({"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": [], "e": []}) == [
        ["a", "e"],
        ["b", "c"],
        ["d"],
    ]


@pytest.mark.parametrize(
    ("needs", "cycle"),
    [
        ({"a": [], "b": ["a"]}, []),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["a", "b"]}, ["b", "c", "b"]),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "b", "c", "a"]),
        (
            {"m": ["a"], "a": ["b"], "b": ["c"], "c": ["a"], "x": ["y"], "y": ["z"], "z": ["x", "m"]},
            ["a", "b", "c", "a"],
        ),
    ],
)
def test_a_cycle_ends_with_its_first_name(needs: dict[str, list[str]], cycle: list[str]) -> None:
    assert find_cycle(needs) == cycle


def test_every_cycle_is_found() -> None:
    assert cycles({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"], "e": []}) == [
        ["a", "b", "a"],
        ["c", "d", "c"],
    ]


def test_the_number_of_reported_cycles_is_limited() -> None:
    names = [str(number) for number in range(60)]
    complete = {name: [other for other in names if other != name] for name in names}
    assert len(cycles(complete)) == 20
    assert len(cycles(complete, limit=50)) == 30


BIG = {
    "a long chain": {str(n): [str(n - 1)] if n else [] for n in range(5000)},
    "a long ring": {str(n): [str((n + 1) % 300)] for n in range(300)},
    "each depends on all previous ones": {str(n): [str(m) for m in range(n)] for n in range(300)},
    "each depends on all others": {str(n): [str(m) for m in range(200) if m != n] for n in range(200)},
}


@pytest.mark.parametrize("needs", BIG.values(), ids=BIG.keys())
def test_large_graphs_take_linear_time(needs: dict[str, list[str]]) -> None:
    """Each of these would take seconds to minutes with a search from every name."""
    begun = time.process_time()
    assert sorted(topological_order(needs)) == sorted(needs)
    assert sum(map(len, layers(needs))) == len(needs)
    cycles(needs)
    assert time.process_time() - begun < 5


graphs = st.integers(1, 8).flatmap(
    lambda size: st.fixed_dictionaries(
        {str(i): st.lists(st.sampled_from([str(j) for j in range(size)]), max_size=3) for i in range(size)}
    )
)


@given(graphs)
@settings(max_examples=200, deadline=None)
def test_the_order_is_complete_exactly_if_there_is_no_cycle(needs: dict[str, list[str]]) -> None:
    order = topological_order(needs)
    assert sorted(order) == sorted(needs)
    in_order = all(order.index(n) < order.index(name) for name, needed in needs.items() for n in needed)
    assert in_order is (find_cycle(needs) == [])
