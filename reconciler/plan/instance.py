"""Say what to do next for an instance, given what the cluster holds right now.

Nothing is remembered between calls: a missed event or a restart costs a pass and never an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering
from reconciler.objects.accessors import (
    Identity,
    Manifest,
    annotations_of,
    is_deleting,
    labels_of,
    metadata_of,
    namespace_of,
    reference_to,
    uid_of,
)
from reconciler.objects.health import why_it_stays
from reconciler.objects.names import APPLYSET_PART_OF, INSTANCE, INSTANCE_ID, NODE, label_value
from reconciler.plan.children import Child
from reconciler.plan.compare import Settled, digest, field_differences, live_digest
from reconciler.plan.inventory import Inventory, inventory_of, recorded, set_id
from reconciler.plan.steps import Apply, Plan, Prune, Refuse, Wait


def plan(
    instance: Manifest,
    definition: Definition,
    rendering: Rendering,
    desired: Sequence[Child],
    found: Mapping[Identity, Manifest],
    members: Sequence[Manifest],
    settled: Mapping[str, Settled] | None = None,
) -> Plan:
    """``desired``: ``children(...)``. ``found``: the live object of each wanted one that exists,
    whoever's it is.

    ``members``: every live object that carries this instance's labels. ``settled``: per uid, what was applied
    last and how it read back; it tells drift from a change of mind, and a value that the server writes in
    another form from a difference. It may be empty: then an apply too many is the worst that happens.
    """
    home = namespace_of(instance)
    scope = possible(definition) | inventory_of([child.body for child in desired], home)
    members_scope = inventory_of(members, home)
    steps: list[Apply | Wait | Refuse | Prune] = [
        Wait(state.id, state.reason, state.code)
        for state in rendering.nodes.values()
        if state.state in ("pending", "failed")
    ]
    if not rendering.fatal:
        for child in desired:
            step = step_for(instance, child, found.get(child.reference.identity), settled or {})
            if step is not None:
                steps.append(step)
        if not steps:
            steps.extend(prunes(definition, desired, members))
    before = recorded(instance) | scope | members_scope
    return Plan(tuple(steps), before=before, after=scope | members_scope)


def possible(definition: Definition) -> Inventory:
    """The kinds that the definition may ever make: recorded at once, so an instance is written once."""
    kinds = {
        f"{node.kind}.{node.group}" if node.group else node.kind
        for node in definition.nodes
        if not node.is_external
    }
    return Inventory(frozenset(kinds), frozenset())


def step_for(
    instance: Manifest, child: Child, live: Manifest | None, settled: Mapping[str, Settled]
) -> Apply | Wait | Refuse | None:
    """What one wanted object needs: nothing when it is already so."""
    if live is None:
        return Apply(child.node, child.index, child.reference, child.body, "create")
    owner = other_owner(instance, live)
    if owner:
        reason = f"{child.reference.display_name} belongs to {owner}. It was left as it is."
        return Refuse(child.node, child.reference, reason)
    if is_deleting(live):
        reason = f"{child.reference.display_name} is being deleted. {why_it_stays(live)}"
        return Wait(child.node, reason, "being-deleted")
    found = field_differences(child.body, live)
    if not found:
        return None
    if APPLYSET_PART_OF not in labels_of(live):
        return Apply(child.node, child.index, child.reference, child.body, "adopt", by=last_writer(live))
    fields = tuple(field_difference.path for field_difference in found)
    last = settled.get(uid_of(live))
    if last is None or last.desired != digest(child.body):
        return Apply(child.node, child.index, child.reference, child.body, "update", fields)
    if last.live == live_digest(live):
        return None
    return Apply(child.node, child.index, child.reference, child.body, "repair", fields, last_writer(live))


def other_owner(instance: Manifest, live: Manifest) -> str:
    """Who else the object belongs to, in words; empty when it is this instance's, or nobody's."""
    labels, annotations = labels_of(live), annotations_of(live)
    part_of = labels.get(APPLYSET_PART_OF)
    if part_of == set_id(instance):
        return ""
    if part_of is None and labels.get(INSTANCE_ID) in (None, uid_of(instance)):
        return ""
    if annotations.get(INSTANCE):
        return annotations[INSTANCE]
    if labels.get("kro.run/instance-name"):
        namespace = labels.get("kro.run/instance-namespace", "")
        return f"the kro instance {namespace}/{labels['kro.run/instance-name']}"
    return f"the ApplySet {part_of}" if part_of else f"the instance {labels[INSTANCE_ID]}"


def last_writer(live: Manifest) -> str:
    """The field manager that last changed the object itself (not its status), other than Slipway."""
    entries = [
        entry
        for entry in metadata_of(live).get("managedFields") or ()
        if not entry.get("subresource") and not str(entry.get("manager")).startswith("slipway/")
    ]
    newest: dict[str, Any] = max(entries, key=lambda entry: entry.get("time") or "", default={})
    return str(newest.get("manager") or "")


def prunes(definition: Definition, desired: Sequence[Child], members: Sequence[Manifest]) -> list[Prune]:
    """Members that no node wants, latest in the order first. Asked for only when nothing else is to do."""
    keep = {child.reference.identity for child in desired}
    position = {label_value(node_id): place for place, node_id in enumerate(definition.order)}
    steps = []
    for member in members:
        reference = reference_to(member)
        if reference.identity in keep or is_deleting(member):
            continue
        node = labels_of(member).get(NODE, "")
        steps.append(Prune(node, reference, uid_of(member), position.get(node, len(position))))
    return sorted(steps, key=lambda step: (-step.group, step.reference))
