"""The graphs of contracts, drafts and instances, with state and layout (``catalog/_graph.html``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog.graph.layout import Edge, Measures, compute_layout
from catalog.models.instance import Instance, InstanceResource
from contracts.compiler import Definition, Outline
from contracts.runtime import PreviewNode

ROOT = "-instance"  # no node id can be this
PLAIN = ""  # the state of a node of a contract without an instance
MOST_NODES = 150  # more are shown as a list only
SIZE = Measures()
_LEGEND = (
    ("ready", "ready"),
    ("progressing", "progressing"),
    ("waiting", "waiting"),
    ("pending", "not yet"),
    ("degraded", "degraded"),
    ("failed", "failed"),
    ("deleting", "deleting"),
    ("unknown", "unknown"),
    ("ignored", "excluded"),
)
_NODE_STATES = {"desired": "progressing", "applied": "progressing"}


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node. ``name`` is that of its resource, or the node's id while there is none."""

    id: str
    name: str
    kind: str
    state: str = "unknown"
    fact: str = ""
    reason: str = ""
    needs: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()
    many: bool = False
    icon: str = ""  # instead of the icon of its kind
    x: int = 0
    y: int = 0

    @property
    def shows_fact(self) -> bool:
        """Whether a list shows the fact beside the state, which it would only repeat in these states."""
        return bool(self.fact) and self.state not in ("ignored", "pending", "waiting")

    @property
    def label(self) -> str:
        """The accessible name of the link."""
        text = f"{self.kind} {self.name}: {self.state}" if self.state else f"{self.kind} {self.name}"
        if self.fact:
            text += f", {self.fact}"
        return f"{text}. Needed by {', '.join(self.needed_by)}" if self.needed_by else text


@dataclass(frozen=True, slots=True)
class GraphEdge:
    upper: str
    lower: str
    path: str
    style: str  # done, pending, failed


@dataclass(frozen=True, slots=True)
class Graph:
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...] = ()
    width: int = 0
    height: int = 0
    legend: tuple[tuple[str, int, str], ...] = field(default=())

    @property
    def drawable(self) -> bool:
        return 0 < len(self.nodes) <= MOST_NODES

    @property
    def node_width(self) -> int:
        return SIZE.width

    @property
    def node_height(self) -> int:
        return SIZE.height

    def node(self, node_id: str) -> GraphNode | None:
        return next((node for node in self.nodes if node.id == node_id), None)


def graph_of_instance(
    instance: Instance, resources: Iterable[InstanceResource], definition: Definition | None
) -> Graph:
    """The nodes as last reconciled; before that, those of the contract."""
    known = instance.nodes or _nodes_of(definition)
    found: dict[str, list[InstanceResource]] = {}
    for resource in resources:
        found.setdefault(resource.node, []).append(resource)
    deleting = instance.is_deleting
    nodes = [_node_of_row(node, found.get(str(node.get("id")), []), deleting) for node in known]
    root = GraphNode(
        ROOT,
        instance.name,
        instance.contract.kind,
        instance.state,
        _ready_of(nodes),
        icon=instance.contract.icon,
    )
    return lay_out([root, *nodes], root=ROOT)


def _nodes_of(definition: Definition | None) -> list[dict[str, object]]:
    nodes = definition.nodes if definition else ()
    return [{"id": n.id, "kind": n.kind, "state": "pending", "needs": list(n.needs)} for n in nodes]


def _ready_of(nodes: Sequence[GraphNode]) -> str:
    counted = [node for node in nodes if node.state != "ignored"]
    return f"{sum(node.state == 'ready' for node in counted)} of {len(counted)}" if counted else ""


def _node_of_row(row: Mapping[str, object], resources: list[InstanceResource], deleting: bool) -> GraphNode:
    state = str(row.get("state") or "unknown")
    state = _NODE_STATES.get(state, state)
    if deleting and not resources:
        state = "ignored"
    total, ready = _count(row.get("total")), _count(row.get("ready"))
    first = resources[0] if resources else None
    many = len(resources) > 1 or total > 1
    kind = str(row.get("kind") or "")
    name = first.name if first and not many else str(row.get("id"))
    fact = first.fact if first and not many else ""
    if many:
        fact = f"{ready}/{max(total, len(resources))}"
    waits = {"pending": "waits", "waiting": "waits", "ignored": "excluded"}
    needs = row.get("needs")
    return GraphNode(
        id=str(row.get("id")),
        name=name,
        kind=kind,
        state=state,
        fact=fact or waits.get(state, ""),
        reason=str(row.get("reason") or ""),
        needs=tuple(str(need) for need in needs) if isinstance(needs, list | tuple) else (),
        many=many,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def graph_of_definition(definition: Definition) -> Graph:
    """A contract without an instance: only its dependencies."""
    return lay_out(
        [
            GraphNode(n.id, n.id, n.kind, PLAIN, _MANY.get(n.type, ""), needs=n.needs, many=n.is_many)
            for n in definition.nodes
        ]
    )


_MANY = {"collection": "for each", "external": "must exist", "external-collection": "must exist"}


def graph_of_outline(outline: Outline) -> Graph:
    """The graph of a contract that does not compile, as far as its text can be parsed."""
    needs: dict[str, list[str]] = {}
    for edge in outline.edges:
        needs.setdefault(edge.node, []).append(edge.needs)
    return lay_out(
        [
            GraphNode(
                n.id, n.id, n.kind or "?", PLAIN, _MANY.get(n.type, ""), needs=tuple(needs.get(n.id, ()))
            )
            for n in outline.nodes
        ]
    )


def graph_of_preview(definition: Definition, preview: Sequence[PreviewNode]) -> Graph:
    """The resources that the values of a form would create."""
    by_id = {node.id: node for node in preview}
    nodes = []
    for node in definition.nodes:
        seen = by_id.get(node.id)
        manifests = seen.manifests if seen else ()
        names = [str(manifest.get("metadata", {}).get("name", "")) for manifest in manifests]
        state = (
            {"desired": "ready", "ignored": "ignored", "failed": "failed"}.get(seen.state, "pending")
            if seen
            else "pending"
        )
        fact = (
            f"× {len(manifests)}"
            if len(manifests) > 1
            else {"ignored": "excluded", "pending": "later"}.get(state, "")
        )
        name = names[0] if len(names) == 1 and names[0] else node.id
        reason = seen.reason if seen else ""
        nodes.append(
            GraphNode(node.id, name, node.kind, state, fact, reason, node.needs, many=len(names) > 1)
        )
    return lay_out(nodes)


def lay_out(nodes: Sequence[GraphNode], root: str = "") -> Graph:
    """Lay out the nodes. ``root`` is placed above every node without dependencies."""
    ids = {node.id for node in nodes}
    names = {node.id: node.name for node in nodes}
    edges: list[Edge] = [(need, node.id) for node in nodes for need in node.needs if need in ids]
    users: dict[str, list[str]] = {}
    for upper, lower in edges:
        users.setdefault(upper, []).append(names[lower])
    if root:
        needy = {lower for _, lower in edges}
        edges = [(root, node.id) for node in nodes if node.id not in needy and node.id != root] + edges
    nodes = [replace(node, needed_by=tuple(users.get(node.id, ()))) for node in nodes]
    legend = _legend([node for node in nodes if node.id != root])
    if len(nodes) > MOST_NODES:
        return Graph(tuple(nodes), legend=legend)
    drawn = compute_layout([node.id for node in nodes], edges, SIZE)
    states = {node.id: node.state for node in nodes}
    states.pop(root, None)
    return Graph(
        nodes=tuple(replace(n, x=drawn.boxes[n.id][0], y=drawn.boxes[n.id][1]) for n in nodes),
        edges=tuple(
            GraphEdge(a, b, path, _edge_style(states.get(a, "ready"), states.get(b, "ready")))
            for (a, b), path in drawn.paths.items()
        ),
        width=drawn.width,
        height=drawn.height,
        legend=legend,
    )


def _edge_style(upper: str, lower: str) -> str:
    if upper == "failed":
        return "failed"
    return "done" if upper in ("ready", PLAIN) and lower not in ("pending", "ignored") else "pending"


def _legend(nodes: Sequence[GraphNode]) -> tuple[tuple[str, int, str], ...]:
    counts = [(state, sum(node.state == state for node in nodes), text) for state, text in _LEGEND]
    return tuple(entry for entry in counts if entry[1])
