"""What people are shown of an instance: state of every node and resource, the deepest reason. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering
from reconciler.objects.accessors import (
    Identity,
    Manifest,
    Reference,
    condition_of,
    labels_of,
    metadata_of,
    reference_to,
    uid_of,
    version_of,
)
from reconciler.objects.health import Health, health_of
from reconciler.objects.names import NODE, label_value
from reconciler.plan import Child
from reconciler.status.baseline import ReadinessBaseline, ReadyBaseline

REASONS = {
    "failed": "ResourceFailed",
    "degraded": "ResourceNotReady",
    "waiting": "Waiting",
    "progressing": "Progressing",
}
# From worst to best: a whole is as bad as its worst part.
RANK = ("failed", "degraded", "deleting", "waiting", "unknown", "progressing", "ready", "ignored")


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """A row of the resources table."""

    node: str
    index: int
    reference: Reference
    health: Health
    uid: str = ""
    version: str = ""
    created: str = ""
    deleting: str = ""
    whole: ReadyBaseline | None = None  # what was asked of it when it was ready last


@dataclass(frozen=True, slots=True)
class NodeLine:
    """A node of the graph, as ``Instance.nodes`` keeps it."""

    id: str
    kind: str
    state: str
    reason: str = ""
    total: int = 0
    ready: int = 0
    needs: tuple[str, ...] = ()
    type: str = "resource"

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


@dataclass(frozen=True, slots=True)
class Summary:
    state: str
    reason: str  # CamelCase
    message: str
    nodes: tuple[NodeLine, ...] = ()
    resources: tuple[ResourceLine, ...] = field(default=())
    generation: int = 0  # of the instance that this tells of

    @property
    def is_underway(self) -> bool:
        """Whether an object is on its way to what was asked of it: a rollout, a scaling, a first start."""
        return any(line.uid and line.health.state in ("progressing", "waiting") for line in self.resources)


def resource_lines(
    desired: Sequence[Child],
    found: Mapping[Identity, Manifest],
    members: Sequence[Manifest],
    errors: Mapping[Identity, str],
    pod_health: Mapping[str, Health],
    contracts: Collection[str] = (),
    losses: ReadinessBaseline | None = None,
) -> list[ResourceLine]:
    """Every wanted object, there or not, and every member that nobody wants any more.

    ``errors``: why an object could not be applied. ``pod_health``: per uid, what its pods say.
    ``contracts``: ``Kind.group`` of kinds that a reconciler of instances brings up, whatever they say so far.
    ``losses``: what is remembered of when the objects were whole.
    """
    lines = []
    losses = losses or ReadinessBaseline()
    named = set()
    for child in desired:
        identity = child.reference.identity
        named.add(identity)
        live = found.get(identity)
        health = losses.judge(live, judge(live, pod_health, contracts)) if live is not None else None
        error = errors.get(identity, "")
        line = line_of(child.node, child.index, child.reference, live, health, error)
        lines.append(replace(line, whole=losses.whole.get(identity)))
    for member in members:
        reference = reference_to(member)
        if reference.identity not in named:
            node = labels_of(member).get(NODE, "")
            lines.append(line_of(node, 0, reference, member, judge(member, pod_health, contracts), ""))
    return lines


def judge(live: Manifest, pod_health: Mapping[str, Health], contracts: Collection[str]) -> Health:
    """How a live object is, with the deepest reason that is known.

    An instance inside an instance is not ready before its reconciler has said so.
    """
    health = health_of(live)
    if health.state in ("progressing", "waiting", "failed") and uid_of(live) in pod_health:
        inner = pod_health[uid_of(live)]
        return Health(inner.state, health.fact, inner.message)
    untold = health.state == "ready" and condition_of(live, "Ready") is None
    if untold and reference_to(live).group_kind in contracts:
        return Health("progressing", "", "It has not been taken up yet.")
    return health


def line_of(
    node: str,
    index: int,
    reference: Reference,
    live: Manifest | None,
    health: Health | None,
    error: str,
) -> ResourceLine:
    if live is None or health is None:
        health = (
            Health("failed", message=error) if error else Health("waiting", message="It is not there yet.")
        )
        return ResourceLine(node, index, reference, health)
    if error:
        health = Health("failed", health.fact, error)
    metadata = metadata_of(live)
    return ResourceLine(
        node,
        index,
        reference,
        health,
        uid=uid_of(live),
        version=version_of(live),
        created=str(metadata.get("creationTimestamp") or ""),
        deleting=str(metadata.get("deletionTimestamp") or ""),
    )


def node_lines(
    definition: Definition,
    rendering: Rendering,
    lines: Sequence[ResourceLine],
    blocked: Mapping[str, str],
) -> list[NodeLine]:
    """``blocked``: node → why it cannot be applied, such as a kind that is not served."""
    by_node: dict[str, list[ResourceLine]] = {}
    for line in lines:
        by_node.setdefault(line.node, []).append(line)
    return [
        node_line(definition, rendering, node_id, by_node.get(node_id, []), blocked.get(node_id, ""))
        for node_id in rendering.nodes
    ]


def node_line(
    definition: Definition, rendering: Rendering, node_id: str, lines: Sequence[ResourceLine], blocked: str
) -> NodeLine:
    node, now = definition.node(node_id), rendering.nodes[node_id]
    worst = min(lines, key=lambda line: RANK.index(line.health.state), default=None)
    state, reason = "ready", ""
    if now.state == "ignored":
        state, reason = "ignored", now.reason
    elif now.state == "failed" or now.code == "ready-when-failed" or blocked:
        state, reason = "failed", blocked or now.reason
    elif now.state == "pending":
        state, reason = "waiting", now.reason
    elif worst is not None and worst.health.state != "ready":
        state, reason = worst.health.state, worst.health.message
    if state in ("ready", "progressing") and now.state == "desired" and not now.ready:
        state, reason = "progressing", reason or now.reason
    return NodeLine(
        id=node_id,
        kind=node.kind,
        type=node.type,
        state=state,
        reason=reason,
        total=len(lines) or int(node.is_external and now.state == "desired"),
        ready=sum(line.health.state == "ready" for line in lines),
        needs=node.needs,
    )


def deleting_nodes(definition: Definition, lines: Sequence[ResourceLine]) -> list[NodeLine]:
    """The nodes of an instance that is being deleted: what is gone, what goes, what waits for its turn."""
    nodes = []
    for node_id in definition.order:
        node = definition.node(node_id)
        own = [line for line in lines if line.node == label_value(node_id)]
        going = [line.health.message for line in own if line.health.state == "deleting"]
        state, reason = "ignored", "It is gone."
        if going:
            state, reason = "deleting", going[0]
        elif own:
            state, reason = "waiting", "It goes after what needs it."
        nodes.append(NodeLine(node_id, node.kind, state, reason, len(own), needs=node.needs, type=node.type))
    return nodes


def summarise(nodes: Sequence[NodeLine], lines: Sequence[ResourceLine], generation: int) -> Summary:
    """One word and the deepest reason for the whole; ``generation`` of the instance that was rendered."""
    worst = min(nodes, key=lambda node: RANK.index(node.state), default=None)
    if worst is None or worst.state in ("ready", "ignored"):
        return Summary("ready", "AllResourcesReady", "", tuple(nodes), tuple(lines), generation)
    moving = [node for node in nodes if node.state in ("progressing", "deleting")]
    word = worst.state
    if word in ("waiting", "deleting") and moving:
        word, worst = "progressing", moving[0]
    message = f"{worst.id}: {worst.reason}"
    return Summary(word, REASONS.get(word, "NotReady"), message, tuple(nodes), tuple(lines), generation)
