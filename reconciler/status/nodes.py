"""The status of every node of an instance's graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from contracts.compiler import Definition, Node
from contracts.runtime import NodeState
from reconciler.objects import health
from reconciler.objects.names import label_value
from reconciler.plan import Graph, Observation
from reconciler.status.resources import ResourceStatus

State = health.State | Literal["ignored"]

# From worst to best: a node is in the worst state of its resources, an instance in that of its nodes.
RANK: tuple[State, ...] = (
    "failed",
    "degraded",
    "deleting",
    "waiting",
    "unknown",
    "progressing",
    "ready",
    "ignored",
)


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node of the graph, as ``Instance.nodes`` stores it.

    ``reasons``: every reason of its resources, when it is not ready because of them. ``conflict``: the type
    of the conflict that its state is due to, if it is.
    """

    id: str
    kind: str
    state: State
    reason: str = ""
    total: int = 0
    ready: int = 0
    needs: tuple[str, ...] = ()
    type: str = "resource"
    reasons: tuple[str, ...] = ()
    conflict: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "type": self.type,
            "state": self.state,
            "reason": self.reason,
            "total": self.total,
            "ready": self.ready,
            "needs": list(self.needs),
        }

    @property
    def all_reasons(self) -> tuple[str, ...]:
        return self.reasons or (self.reason,)

    @property
    def is_ready(self) -> bool:
        return self.state in ("ready", "ignored")


def node_statuses(
    graph: Graph, resources: Sequence[ResourceStatus], observation: Observation
) -> tuple[NodeStatus, ...]:
    """Every node, in topological order.

    Members name their node by a label, which is shorter than a long node id.
    """
    by_node: dict[str, list[ResourceStatus]] = {}
    for resource in resources:
        by_node.setdefault(label_value(resource.node), []).append(resource)
    return tuple(
        node_status(
            graph.definition.node(node_id),
            state,
            by_node.get(label_value(node_id), []),
            unreadable(observation, node_id),
        )
        for node_id, state in graph.rendering.nodes.items()
    )


def node_status(
    node: Node, rendered: NodeState, resources: Sequence[ResourceStatus], unreadable: tuple[State, str]
) -> NodeStatus:
    unready = [one for one in resources if one.health.state != "ready"]
    state, reason = rendered_state(rendered, unreadable)
    reasons: tuple[str, ...] = ()
    conflict = ""
    if state == "ready" and unready:
        worst = min(unready, key=lambda one: RANK.index(one.health.state))
        state, reason = worst.health.state, worst.health.message
        conflict = worst.conflicts[0].type if worst.conflicts and state == "degraded" else ""
        reasons = tuple(dict.fromkeys(one.health.message for one in unready if one.health.message))
    if state in ("ready", "progressing") and rendered.state == "desired" and not rendered.ready:
        state, reason = "progressing", reason or rendered.reason
    return NodeStatus(
        id=node.id,
        kind=node.kind,
        type=node.type,
        state=state,
        reason=reason,
        total=len(resources) or int(node.is_external and rendered.state == "desired"),
        ready=len(resources) - len(unready),
        needs=node.needs,
        reasons=reasons,
        conflict=conflict,
    )


def unreadable(observation: Observation, node_id: str) -> tuple[State, str]:
    """State and reason of a node whose objects cannot be read, whatever it renders to; else no reason."""
    refused = observation.refused_reads.get(node_id)
    return ("failed", refused) if refused else ("waiting", observation.missing_kinds.get(node_id, ""))


def rendered_state(rendered: NodeState, unreadable: tuple[State, str]) -> tuple[State, str]:
    """State and reason of a node by its rendering alone; ready when it depends on its resources."""
    if rendered.state == "ignored":
        return "ignored", rendered.reason
    if rendered.state == "failed" or rendered.code == "ready-when-failed":
        return "failed", rendered.reason
    if unreadable[1]:
        return unreadable
    if rendered.state == "pending":
        return "waiting", rendered.reason
    return "ready", ""


def deleting_nodes(definition: Definition, resources: Sequence[ResourceStatus]) -> tuple[NodeStatus, ...]:
    """The nodes of an instance that is being deleted: deleted, being deleted, or waiting for dependents."""
    nodes = []
    for node_id in definition.order:
        node = definition.node(node_id)
        own = [one for one in resources if one.node == label_value(node_id)]
        deleting = [one.health.message for one in own if one.health.state == "deleting"]
        state: State = "ignored"
        reason = "Deleted."
        if deleting:
            state, reason = "deleting", deleting[0]
        elif own:
            state, reason = "waiting", "Waiting for the deletion of its dependents."
        nodes.append(
            NodeStatus(node_id, node.kind, state, reason, len(own), needs=node.needs, type=node.type)
        )
    return tuple(nodes)
