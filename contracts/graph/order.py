"""Order of a graph given as ``{name: names it needs}``, in the author's order of names.

Needed names that are not keys are ignored: they are somebody else's problem.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

Needs = Mapping[str, Iterable[str]]


def topological_order(needs: Needs) -> list[str]:
    """Every name after those it needs, and otherwise as early as the author's order allows (kro §4.2).

    Names that stand in a cycle, or need one that does, come last in the author's order.
    """
    position = {name: index for index, name in enumerate(needs)}
    missing = {name: {n for n in needed if n in position and n != name} for name, needed in needs.items()}
    users: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in missing.items():
        for n in needed:
            users[n].append(name)
    ready = [(position[name], name) for name, needed in missing.items() if not needed]
    heapq.heapify(ready)
    order: dict[str, None] = {}
    while ready:
        _, name = heapq.heappop(ready)
        order[name] = None
        for user in users[name]:
            missing[user].discard(name)
            if not missing[user]:
                heapq.heappush(ready, (position[user], user))
    return [*order, *(name for name in needs if name not in order)]


def layers(needs: Needs) -> list[list[str]]:
    """Names in layers: each needs only names of earlier layers; the first need nothing."""
    depth: dict[str, int] = {}
    for name in topological_order(needs):
        depth[name] = max((depth[n] + 1 for n in needs[name] if n in depth), default=0)
    count = max(depth.values(), default=-1) + 1
    return [[name for name in needs if depth[name] == level] for level in range(count)]


def reach(needs: Needs, start: str) -> set[str]:
    """Everything that ``start`` needs, directly or not."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in needs.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def find_cycle(needs: Needs) -> list[str]:
    """A shortest cycle, closed on its first element (``[a, b, a]``), or an empty list.

    Among equals it is the one that starts with the earliest name, so messages are stable.
    """
    best: list[str] = []
    for start in needs:
        cycle = _shortest_back_to(needs, start, len(best) or len(needs) + 2)
        if cycle and (not best or len(cycle) < len(best)):
            best = cycle
    return best


def cycles(needs: Needs) -> list[list[str]]:
    """A shortest cycle of every knot of names that need each other."""
    rest = {name: list(needed) for name, needed in needs.items()}
    found = []
    while cycle := find_cycle(rest):
        found.append(cycle)
        for name in cycle:
            rest.pop(name, None)
    return found


def _shortest_back_to(needs: Needs, start: str, limit: int) -> list[str]:
    came_from: dict[str, str] = {}
    level: Sequence[str] = [start]
    for _ in range(limit):
        following = []
        for name in level:
            for needed in needs.get(name, ()):
                if needed == start:
                    return _path_to(came_from, start, name)
                if needed in needs and needed not in came_from:
                    came_from[needed] = name
                    following.append(needed)
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
