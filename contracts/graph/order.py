"""Order of a graph given as ``{name: names it needs}``, in the author's order of names.

Needed names that are not keys are ignored: they are somebody else's problem.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

Needs = Mapping[str, Iterable[str]]
SHORTEST = 3
"""Names in the shortest cycle of several: ``[a, b, a]``."""


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
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in needs:
        found[depth[name]].append(name)
    return found


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
    return _shortest(_knots(needs))


def _shortest(knots: Mapping[str, Sequence[str]]) -> list[str]:
    for name, needed in knots.items():
        if name in needed:
            return [name, name]
    best: list[str] = []
    for start in knots:
        cycle = _shortest_back_to(knots, start, len(best) or len(knots) + 2)
        if cycle and (not best or len(cycle) < len(best)):
            best = cycle
        if len(best) == SHORTEST:
            break
    return best


def cycles(needs: Needs, most: int = 20) -> list[list[str]]:
    """A shortest cycle of every knot of names that need each other, of so many at the most."""
    rest = _knots(needs)
    found: list[list[str]] = []
    while len(found) < most and (cycle := _shortest(rest)):
        found.append(cycle)
        rest = _knots({name: needed for name, needed in rest.items() if name not in cycle})
    return found


def _knots(needs: Needs) -> dict[str, list[str]]:
    """What is left when names that need nobody, or that nobody needs, are taken away again and again."""
    rest = {name: [n for n in dict.fromkeys(needed) if n in needs] for name, needed in needs.items()}
    for _ in range(2):  # from the one end, and with every edge turned round, from the other
        order = _orderable(rest)
        rest = {
            name: [n for n in needed if n not in order] for name, needed in rest.items() if name not in order
        }
        rest = _turned(rest)
    return rest


def _orderable(needs: Mapping[str, Sequence[str]]) -> set[str]:
    """The names that come before any cycle."""
    missing = {name: len(needed) for name, needed in needs.items()}
    users = _turned(needs)
    free = [name for name, count in missing.items() if not count]
    found = set(free)
    while free:
        for user in users[free.pop()]:
            missing[user] -= 1
            if not missing[user]:
                free.append(user)
                found.add(user)
    return found


def _turned(needs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for n in needed:
            turned[n].append(name)
    return turned


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
