"""Order and cycles of a graph, given as ``{name: names of its dependencies}`` in the author's order.

Dependencies that are not keys of the graph are ignored; the caller reports them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

Graph = Mapping[str, Iterable[str]]
SHORTEST_CYCLE = 3
"""Length of the shortest possible cycle of two names: ``[a, b, a]``."""


def topological_order(graph: Graph) -> list[str]:
    """Every name after its dependencies, and otherwise in the author's order (kro §4.2).

    Names that are part of a cycle, or depend on one, come last, in the author's order.
    """
    position = {name: index for index, name in enumerate(graph)}
    unordered = {
        name: {n for n in dependencies if n in position and n != name} for name, dependencies in graph.items()
    }
    dependents: dict[str, list[str]] = {name: [] for name in graph}
    for name, dependencies in unordered.items():
        for n in dependencies:
            dependents[n].append(name)
    ready = [(position[name], name) for name, dependencies in unordered.items() if not dependencies]
    heapq.heapify(ready)
    order: dict[str, None] = {}
    while ready:
        _, name = heapq.heappop(ready)
        order[name] = None
        for dependent in dependents[name]:
            unordered[dependent].discard(name)
            if not unordered[dependent]:
                heapq.heappush(ready, (position[dependent], dependent))
    return [*order, *(name for name in graph if name not in order)]


def layers(graph: Graph) -> list[list[str]]:
    """Names in layers: the dependencies of each are in earlier layers."""
    depth: dict[str, int] = {}
    for name in topological_order(graph):
        depth[name] = max((depth[n] + 1 for n in graph[name] if n in depth), default=0)
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in graph:
        found[depth[name]].append(name)
    return found


def find_cycle(graph: Graph) -> list[str]:
    """A shortest cycle, ending with its first element (``[a, b, a]``), or an empty list.

    Of several it is the one that starts with the earliest name, so that messages are stable.
    """
    return _shortest(_cyclic_part(graph))


def _shortest(graph: Mapping[str, Sequence[str]]) -> list[str]:
    for name, dependencies in graph.items():
        if name in dependencies:
            return [name, name]
    best: list[str] = []
    for start in graph:
        cycle = _shortest_back_to(graph, start, len(best) or len(graph) + 2)
        if cycle and (not best or len(cycle) < len(best)):
            best = cycle
        if len(best) == SHORTEST_CYCLE:
            break
    return best


def cycles(graph: Graph, limit: int = 20) -> list[list[str]]:
    """At most ``limit`` short cycles that have no names in common."""
    rest = _cyclic_part(graph)
    found: list[list[str]] = []
    while len(found) < limit and (cycle := _shortest(rest)):
        found.append(cycle)
        rest = _cyclic_part({name: dependencies for name, dependencies in rest.items() if name not in cycle})
    return found


def _cyclic_part(graph: Graph) -> dict[str, list[str]]:
    """What remains after names without dependencies, and names without dependents, are removed repeatedly."""
    rest = {
        name: [n for n in dict.fromkeys(dependencies) if n in graph] for name, dependencies in graph.items()
    }
    for _ in range(2):  # first from the end without dependencies, then, with reversed edges, from the other
        order = _acyclic_names(rest)
        rest = {
            name: [n for n in dependencies if n not in order]
            for name, dependencies in rest.items()
            if name not in order
        }
        rest = _reversed(rest)
    return rest


def _acyclic_names(graph: Mapping[str, Sequence[str]]) -> set[str]:
    """The names that do not depend on a cycle."""
    unordered = {name: len(dependencies) for name, dependencies in graph.items()}
    dependents = _reversed(graph)
    free = [name for name, count in unordered.items() if not count]
    found = set(free)
    while free:
        for dependent in dependents[free.pop()]:
            unordered[dependent] -= 1
            if not unordered[dependent]:
                free.append(dependent)
                found.add(dependent)
    return found


def _reversed(graph: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    reversed_graph: dict[str, list[str]] = {name: [] for name in graph}
    for name, dependencies in graph.items():
        for n in dependencies:
            reversed_graph[n].append(name)
    return reversed_graph


def _shortest_back_to(graph: Graph, start: str, limit: int) -> list[str]:
    came_from: dict[str, str] = {}
    level: Sequence[str] = [start]
    for _ in range(limit):
        following = []
        for name in level:
            for dependency in graph.get(name, ()):
                if dependency == start:
                    return _path_to(came_from, start, name)
                if dependency in graph and dependency not in came_from:
                    came_from[dependency] = name
                    following.append(dependency)
        level = following
        if not level:
            break
    return []


def _path_to(came_from: Mapping[str, str], start: str, last: str) -> list[str]:
    path = [start]
    while last != start:
        path.append(last)
        last = came_from[last]
    return [start, *reversed(path[1:]), start]
