"""Plan the next steps of an instance from what the cluster holds now.

Nothing is remembered between calls: a missed event or a restart costs a pass, never a wrong decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.compiler import Definition
from reconciler.objects.accessors import (
    Manifest,
    annotations_of,
    group_kind,
    is_deleting,
    labels_of,
    metadata_of,
    namespace_of,
    reference_to,
    uid_of,
)
from reconciler.objects.health import deletion_message
from reconciler.objects.names import (
    APPLYSET_PART_OF,
    CHILDREN_MANAGER,
    INSTANCE,
    INSTANCE_ID,
    NODE,
    label_value,
)
from reconciler.plan.adoption import adoption_refusal, is_ours
from reconciler.plan.children import Child
from reconciler.plan.compare import FieldDifference, LastApplied, digest, field_differences, other_managers
from reconciler.plan.inventory import Inventory, inventory_of, recorded, set_id
from reconciler.plan.nesting import MAX_DEPTH, too_deep
from reconciler.plan.observation import Graph, Observation
from reconciler.plan.reach import Bounds
from reconciler.plan.steps import Apply, Plan, Prune, Refuse, Step, Wait

NO_BOUNDS_KNOWN = Bounds()  # the instance's own namespace only, and no adoption


def plan(
    observation: Observation,
    graph: Graph,
    last_applied: Mapping[str, LastApplied] | None = None,
    bounds: Bounds = NO_BOUNDS_KNOWN,
) -> Plan:
    """What is still to do for an instance.

    ``last_applied``: per uid, what was applied last and what differed in the answer. It tells drift from a
    new desired value, and from what the server writes in another form. It may be empty: the worst that
    happens is an unnecessary apply. ``bounds``: what the instance may touch and adopt.
    """
    instance, members = observation.instance, observation.members
    home = namespace_of(instance)
    scope = wanted_inventory(graph, home) | unserved_inventory(observation)
    owned = inventory_of(members, home)
    steps: list[Step] = [
        Wait(state.id, state.reason, state.code)
        for state in graph.rendering.nodes.values()
        if state.state in ("pending", "failed")
    ]
    if not graph.rendering.fatal:
        for child in graph.desired:
            live = observation.found.get(child.reference.identity)
            step: Step | None = refusal(instance, child, live, bounds) or nested_too_deep(observation, child)
            if step is None and child.reference.identity not in observation.collected:
                step = step_for(child, live, last_applied or {})
            if step is not None:
                steps.append(step)
        if not steps:
            steps.extend(prunes(graph, [one for one in members if not other_owner(instance, one)]))
    return Plan(tuple(steps), before=recorded(instance) | scope | owned, after=scope | owned)


def possible_inventory(definition: Definition) -> Inventory:
    """The kinds that the definition can create."""
    kinds = {group_kind(node.group, node.kind) for node in definition.nodes if not node.is_external}
    return Inventory(frozenset(kinds), frozenset())


def wanted_inventory(graph: Graph, home: str) -> Inventory:
    """Of the desired objects, and of nodes whose objects are not known yet: an instance is written once for
    all its layers.
    """
    undecided = {
        group_kind(node.group, node.kind)
        for node in graph.definition.nodes
        if not node.is_external and graph.rendering.nodes[node.id].state in ("pending", "failed")
    }
    desired = inventory_of([child.body for child in graph.desired], home)
    return Inventory(frozenset(undecided), frozenset()) | desired


def unserved_inventory(observation: Observation) -> Inventory:
    """What is recorded and cannot be observed: objects of a kind that is not served now may still exist."""
    known = recorded(observation.instance)
    kinds = known.kinds & observation.unserved
    return Inventory(kinds, known.namespaces if kinds else frozenset())


def refusal(instance: Manifest, child: Child, live: Manifest | None, bounds: Bounds) -> Refuse | None:
    """Why a desired object must not be touched, if so."""
    node, reference = child.node, child.reference
    out_of_reach = bounds.violation(instance, node, reference)
    if out_of_reach:
        return Refuse(node, reference, out_of_reach, "OutOfReach")
    if live is None:
        return None
    owner = other_owner(instance, live)
    if owner:
        owner = owner if bounds.may_name_owner(instance, live) else "another team's instance"
        return Refuse(node, reference, f"{reference.display_name} belongs to {owner}. It was not changed.")
    if is_ours(instance, live) or is_deleting(live):
        return None
    not_adopted = adoption_refusal(instance, reference, bounds)
    return Refuse(node, reference, not_adopted, "NotAdopted") if not_adopted else None


def nested_too_deep(observation: Observation, child: Child) -> Refuse | None:
    """An instance that does not exist yet is not created within too many others."""
    reference = child.reference
    exists = reference.identity in observation.found
    if exists or observation.depth < MAX_DEPTH or reference.group_kind not in observation.contract_kinds:
        return None
    return Refuse(child.node, reference, too_deep(reference), "NestedTooDeep")


def step_for(
    child: Child, live: Manifest | None, last_applied: Mapping[str, LastApplied]
) -> Apply | Wait | None:
    """What one desired object needs; None when it is up to date."""
    if live is None:
        return Apply(child.node, child.index, child.reference, child.body, "create")
    if is_deleting(live):
        return Wait(child.node, deletion_message(live, child.reference.display_name), "being-deleted")
    found = field_differences(child.body, live)
    if not found:
        return None
    if APPLYSET_PART_OF not in labels_of(live):
        return Apply(child.node, child.index, child.reference, child.body, "adopt", by=last_writer(live))
    last = last_applied.get(uid_of(live))
    if last is None or last.desired != digest(child.body):
        return Apply(child.node, child.index, child.reference, child.body, "update", tuple(found))
    drift = tuple(last.drift(found))
    if not drift:
        return None
    by = writers(live, drift)
    return Apply(child.node, child.index, child.reference, child.body, "repair", drift, by)


def other_owner(instance: Manifest, live: Manifest) -> str:
    """The name of another owner of the object; empty when it is this instance's or unmanaged."""
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


def writers(live: Manifest, differences: Sequence[FieldDifference], manager: str = CHILDREN_MANAGER) -> str:
    """Who else owns these fields now; without any, the field manager that changed the object last."""
    names = [name for each in differences for name in other_managers(live, each, manager)]
    return " and ".join(dict.fromkeys(names)) or last_writer(live)


def last_writer(live: Manifest) -> str:
    """The field manager that last changed the object itself (not its status), other than Slipway."""
    entries = [
        entry
        for entry in metadata_of(live).get("managedFields") or ()
        if entry.get("subresource") != "status" and not str(entry.get("manager")).startswith("slipway/")
    ]
    newest: dict[str, Any] = max(entries, key=lambda entry: entry.get("time") or "", default={})
    return str(newest.get("manager") or "")


def prunes(graph: Graph, members: Sequence[Manifest]) -> list[Prune]:
    """Members that are no longer desired, the last in the order first. Due only after all other steps."""
    keep = {child.reference.identity for child in graph.desired}
    position = {label_value(node_id): place for place, node_id in enumerate(graph.definition.order)}
    steps = []
    for member in members:
        reference = reference_to(member)
        if reference.identity in keep or is_deleting(member):
            continue
        node = labels_of(member).get(NODE, "")
        steps.append(Prune(node, reference, uid_of(member), position.get(node, len(position))))
    return sorted(steps, key=lambda step: (-step.group, step.reference))
