"""Computes the layout of a dependency graph: layers from top to bottom with few crossings. Pure.

The layered method (Sugiyama): break cycles, assign each node to a layer, add bends where an edge crosses a
layer, order each layer by its neighbours, then place nodes as close to their neighbours as their width
allows. The layout depends on names and dependencies only, never on status, so it is cached.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

Edge = tuple[str, str]
_SWEEPS = 24
_ROUNDS = 40
_BEND_WIDTH = 10.0


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes in pixels: of a node, between nodes of a layer, between layers, and around the graph."""

    width: int = 184
    height: int = 50
    beside: int = 12
    between: int = 34
    margin: int = 18


@dataclass(frozen=True, slots=True)
class Layout:
    """``boxes``: id → left and top of the node; ``paths``: edge → the ``d`` of an SVG path."""

    width: int
    height: int
    boxes: dict[str, tuple[int, int]]
    paths: dict[Edge, str]
    crossings: int = 0


@dataclass(frozen=True, slots=True)
class _Bend:
    """The point where a long edge passes through a layer."""

    edge: Edge
    layer: int


_Item = str | _Bend


def compute_layout(nodes: Sequence[str], edges: Iterable[Edge], measures: Measures | None = None) -> Layout:
    """``edges`` are (upper, lower). Unknown ends and loops are ignored; cycles have one edge reversed."""
    known = set(nodes)
    usable = tuple(dict.fromkeys((a, b) for a, b in edges if a in known and b in known and a != b))
    return _layout(tuple(dict.fromkeys(nodes)), usable, measures or Measures())


@lru_cache(maxsize=512)
def _layout(nodes: tuple[str, ...], edges: tuple[Edge, ...], measures: Measures) -> Layout:
    if not nodes:
        return Layout(2 * measures.margin, 2 * measures.margin, {}, {})
    upright = without_implied(_without_cycles(nodes, edges))
    layers = _layers(nodes, upright)
    drawing = _Drawing(nodes, upright, layers)
    crossings = drawing.order_layers()
    centres = drawing.centres(measures)
    return _drawn(drawing, layers, centres, measures, crossings)


def without_implied(edges: Sequence[Edge]) -> list[Edge]:
    """The transitive reduction: edges that no longer path implies."""
    below: dict[str, list[str]] = {}
    for upper, lower in edges:
        below.setdefault(upper, []).append(lower)
    reach: dict[str, set[str]] = {}

    def reached(node: str) -> set[str]:
        if node not in reach:
            reach[node] = set()
            for child in below.get(node, ()):
                reach[node] |= {child} | reached(child)
        return reach[node]

    return [(a, b) for a, b in edges if not any(b in reached(c) for c in below[a] if c != b)]


def _without_cycles(nodes: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """The same edges, with back edges reversed."""
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for upper, lower in edges:
        below[upper].append(lower)
    state: dict[str, int] = {}
    reversed_edges: set[Edge] = set()

    def visit(node: str) -> None:
        state[node] = 1
        for child in below[node]:
            if state.get(child) == 1:
                reversed_edges.add((node, child))
            elif child not in state:
                visit(child)
        state[node] = 2

    for node in nodes:
        if node not in state:
            visit(node)
    return list(dict.fromkeys((b, a) if (a, b) in reversed_edges else (a, b) for a, b in edges))


def _layers(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Node → layer: as high as its dependencies allow; a node without any is just above its first user."""
    above: dict[str, list[str]] = {node: [] for node in nodes}
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for upper, lower in edges:
        above[lower].append(upper)
        below[upper].append(lower)
    left = {node: len(above[node]) for node in nodes}
    queue = [node for node in nodes if not left[node]]
    layer: dict[str, int] = {}
    for node in queue:
        layer[node] = max((layer[upper] + 1 for upper in above[node]), default=0)
        for lower in below[node]:
            left[lower] -= 1
            if not left[lower]:
                queue.append(lower)
    for node in reversed(queue):
        if below[node] and not above[node]:
            layer[node] = min(layer[lower] for lower in below[node]) - 1
    return layer


class _Drawing:
    """The layers with their bends, and the neighbours of each item in the next layer."""

    def __init__(self, nodes: Sequence[str], edges: Sequence[Edge], layers: dict[str, int]) -> None:
        self.rows: list[list[_Item]] = [[] for _ in range(max(layers.values()) + 1)]
        self.above: dict[_Item, list[_Item]] = {node: [] for node in nodes}
        self.below: dict[_Item, list[_Item]] = {node: [] for node in nodes}
        self.chains: dict[Edge, list[_Item]] = {}
        for node in nodes:
            self.rows[layers[node]].append(node)
        for edge in edges:
            self._add_edge(edge, layers)

    def _add_edge(self, edge: Edge, layers: dict[str, int]) -> None:
        upper, lower = edge
        chain: list[_Item] = [upper]
        for layer in range(layers[upper] + 1, layers[lower]):
            bend = _Bend(edge, layer)
            self.rows[layer].append(bend)
            self.above[bend], self.below[bend] = [], []
            chain.append(bend)
        chain.append(lower)
        for here, there in pairwise(chain):
            self.below[here].append(there)
            self.above[there].append(here)
        self.chains[edge] = chain

    def order_layers(self) -> int:
        """Sort each layer by the mean of its neighbours, down and up. Returns the fewest crossings found."""
        best, fewest = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            downward = sweep % 2 == 0
            indices = range(1, len(self.rows)) if downward else range(len(self.rows) - 2, -1, -1)
            for index in indices:
                self._sort(index, -1 if downward else 1)
            for index in range(len(self.rows)):
                self._swap_neighbours(index)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best
        return fewest

    def _sort(self, index: int, towards: int) -> None:
        joined = self.above if towards < 0 else self.below
        reference = {item: place for place, item in enumerate(self.rows[index + towards])}
        current = {item: place for place, item in enumerate(self.rows[index])}

        def middle(item: _Item) -> float:
            places = [reference[other] for other in joined[item]]
            return sum(places) / len(places) if places else current[item]

        self.rows[index].sort(key=middle)

    def _swap_neighbours(self, index: int) -> None:
        row = self.rows[index]
        rulers: list[tuple[dict[_Item, list[_Item]], dict[_Item, int]]] = []
        for joined, other in ((self.above, index - 1), (self.below, index + 1)):
            if 0 <= other < len(self.rows):
                rulers.append((joined, {item: place for place, item in enumerate(self.rows[other])}))

        def crossed(left: _Item, right: _Item) -> int:
            return sum(
                place[p] > place[q] for joined, place in rulers for p in joined[left] for q in joined[right]
            )

        improved = True
        while improved:
            improved = False
            for at in range(len(row) - 1):
                if crossed(row[at], row[at + 1]) > crossed(row[at + 1], row[at]):
                    row[at], row[at + 1] = row[at + 1], row[at]
                    improved = True

    def _crossings(self) -> int:
        total = 0
        for upper, lower in pairwise(self.rows):
            place = {item: index for index, item in enumerate(lower)}
            seen: list[int] = []
            for item in upper:
                for target in sorted(place[other] for other in self.below[item]):
                    total += len(seen) - bisect_right(seen, target)
                    insort(seen, target)
        return total

    def centres(self, measures: Measures) -> dict[_Item, float]:
        """The centre of each item across its layer, from 0 at the left edge of the leftmost node."""
        centre: dict[_Item, float] = {}
        for row in self.rows:
            at = 0.0
            for item in row:
                centre[item] = at + _width(item, measures) / 2
                at += _width(item, measures) + measures.beside
        for turn in range(_ROUNDS):
            rows = self.rows if turn % 2 == 0 else self.rows[::-1]
            for row in rows:
                self._move_to_neighbours(row, centre, measures)
        self._straighten(centre, measures)
        left = min(centre[item] - _width(item, measures) / 2 for item in centre)
        return {item: at - left for item, at in centre.items()}

    def _move_to_neighbours(self, row: list[_Item], centre: dict[_Item, float], measures: Measures) -> None:
        gaps = [(_width(a, measures) + _width(b, measures)) / 2 + measures.beside for a, b in pairwise(row)]
        targets: list[tuple[float, float]] = []
        for index, item in enumerate(row):
            pulls = [(centre[other], _pull(item, other)) for other in self.above[item] + self.below[item]]
            weight = sum(strength for _, strength in pulls)
            if weight:
                targets.append((sum(place * strength for place, strength in pulls) / weight, weight))
            elif len(row) > 1:
                # Without neighbours in other layers, it stays beside the next node of its own.
                beside = centre[row[index - 1]] + gaps[index - 1] if index else centre[row[1]] - gaps[0]
                targets.append((beside, 0.1))
            else:
                targets.append((centre[item], 0.1))
        centre.update(zip(row, nearest_with_gaps(targets, gaps), strict=True))

    def _straighten(self, centre: dict[_Item, float], measures: Measures) -> None:
        """Align all bends of an edge on one line where space permits."""
        place = {
            item: (layer, index) for layer, row in enumerate(self.rows) for index, item in enumerate(row)
        }
        for chain in self.chains.values():
            bends = chain[1:-1]
            if len(bends) < 2:
                continue
            low, high = float("-inf"), float("inf")
            for bend in bends:
                layer, index = place[bend]
                row, half = self.rows[layer], _BEND_WIDTH / 2 + measures.beside / 2
                if index:
                    low = max(low, centre[row[index - 1]] + _width(row[index - 1], measures) / 2 + half)
                if index + 1 < len(row):
                    high = min(high, centre[row[index + 1]] - _width(row[index + 1], measures) / 2 - half)
            if low <= high:
                line = min(max(sum(centre[bend] for bend in bends) / len(bends), low), high)
                centre.update(dict.fromkeys(bends, line))


def _width(item: _Item, measures: Measures) -> float:
    return _BEND_WIDTH if isinstance(item, _Bend) else measures.width


def _pull(one: _Item, other: _Item) -> float:
    bends = isinstance(one, _Bend) + isinstance(other, _Bend)
    return (1.0, 3.0, 16.0)[bends]


def nearest_with_gaps(targets: Sequence[tuple[float, float]], gaps: Sequence[float]) -> list[float]:
    """Positions as close as possible to ``targets`` (position, weight), at least ``gaps`` apart.

    Least squares under a minimum distance: pool neighbours that would overlap (isotonic regression).
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # weighted sum, weight, members
    for (target, weight), offset in zip(targets, offsets, strict=True):
        total, mass, members = weight * (target - offset), weight, 1
        while pools and pools[-1][0] / pools[-1][1] > total / mass:
            before = pools.pop()
            total, mass, members = total + before[0], mass + before[1], members + before[2]
        pools.append((total, mass, members))
    levels = [total / mass for total, mass, members in pools for _ in range(members)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _drawn(
    drawing: _Drawing,
    layers: dict[str, int],
    centres: dict[_Item, float],
    measures: Measures,
    crossings: int,
) -> Layout:
    step = measures.height + measures.between

    def top(layer: int) -> int:
        return measures.margin + layer * step

    boxes = {
        node: (round(centres[node] - measures.width / 2) + measures.margin, top(layer))
        for node, layer in layers.items()
    }
    paths = {}
    for edge, chain in drawing.chains.items():
        points: list[tuple[float, float]] = []
        for item in chain:
            across = centres[item] + measures.margin
            layer = item.layer if isinstance(item, _Bend) else layers[item]
            if item != chain[0]:
                points.append((across, top(layer)))
            if item != chain[-1]:
                points.append((across, top(layer) + measures.height))
        paths[edge] = _curve(points)
    right = max(left + measures.width for left, _ in boxes.values())
    bends = max((centres[i] + measures.margin for i in centres if isinstance(i, _Bend)), default=0)
    width = round(max(right, bends)) + measures.margin
    height = top(max(layers.values())) + measures.height + measures.margin
    return Layout(width, height, boxes, paths, crossings)


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A straight line where possible, otherwise an S-curve from point to point."""
    (x, y), *rest = points
    parts = [f"M{x:.0f} {y:.0f}"]
    for to_x, to_y in rest:
        if abs(to_x - x) < 0.5:
            parts.append(f"L{to_x:.0f} {to_y:.0f}")
        else:
            middle = (y + to_y) / 2
            parts.append(f"C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}")
        x, y = to_x, to_y
    return "".join(parts)
