"""Look at everything that a decision needs; render until what was rendered and what was seen agree."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.compiler import Definition, Node
from contracts.runtime import Rendering, render
from reconciler.cache.informers import SharedInformers, WatchKey
from reconciler.kube import Client, NotServed
from reconciler.objects.accessors import Identity, Manifest, is_deleting, labels_of, reference_to
from reconciler.objects.names import APPLYSET_PART_OF, NODE, label_value
from reconciler.plan import Child, children, set_id


@dataclass(slots=True)
class Observation:
    """What a pass knows. ``found``: the live object of each wanted one; ``missing_kinds``: node → why."""

    instance: Manifest
    definition: Definition
    members: list[Manifest] = field(default_factory=list)
    found: dict[Identity, Manifest] = field(default_factory=dict)
    looked: set[Identity] = field(default_factory=set)
    observed: dict[str, Any] = field(default_factory=dict)
    missing_kinds: dict[str, str] = field(default_factory=dict)
    external_refs: set[WatchKey] = field(default_factory=set)
    rendering: Rendering | None = None
    desired: list[Child] = field(default_factory=list)

    def record_applied(self, live: dict[str, Any]) -> None:
        """An object was applied just now: that is how it stands."""
        identity = reference_to(live).identity
        self.found[identity] = live
        self.looked.add(identity)
        self.members = [one for one in self.members if reference_to(one).identity != identity] + [live]


async def observe(client: Client, informers: SharedInformers, observation: Observation) -> None:
    """Fill ``observation``.

    Read external references and objects by name, render, until nothing new is to be read.
    """
    scopes = await scopes_of(client, observation)
    for _ in range(2 * len(observation.definition.nodes) + 2):
        observe_members(observation)
        observation.rendering = render(observation.definition, observation.instance, observation.observed)
        again = await read_external_refs(informers, observation, observation.rendering)
        observation.desired = [
            child
            for child in children(observation.instance, observation.definition, observation.rendering, scopes)
            if child.node not in observation.missing_kinds
        ]
        await find_desired(client, observation)
        if not (again | observe_members(observation)):
            return


async def scopes_of(client: Client, observation: Observation) -> Mapping[tuple[str, str], bool]:
    """Which kinds are namespaced, as the cluster says.

    A kind that it does not serve is remembered as missing.
    """
    scopes = {}
    for node in observation.definition.nodes:
        try:
            resource = await client.kinds.find(node.api_version, node.kind)
            scopes[(node.api_version, node.kind)] = resource.namespaced
            observation.missing_kinds.pop(node.id, None)
        except NotServed as error:
            observation.missing_kinds[node.id] = str(error)
    return scopes


def observe_members(observation: Observation) -> bool:
    """Give every node its live objects; True when that changed what is observed."""
    by_node: dict[str, list[Manifest]] = {}
    for member in observation.members:
        if not is_deleting(member):
            by_node.setdefault(labels_of(member).get(NODE, ""), []).append(member)
    changed = False
    for node in observation.definition.nodes:
        if node.is_external:
            continue
        now = observed_objects(observation, node, by_node.get(label_value(node.id), []))
        if fingerprint(now) != fingerprint(observation.observed.get(node.id)):
            observation.observed[node.id] = now
            changed = True
    return changed


def observed_objects(observation: Observation, node: Node, members: list[Manifest]) -> Any:
    """The live object of a single node is the one of the name it has now, not of a name it once had."""
    state = observation.rendering.nodes.get(node.id) if observation.rendering else None
    desired = [child for child in observation.desired if child.node == node.id]
    if state is None or state.state != "desired" or not desired:
        return list(members) if node.is_many else next(iter(members), None)
    live = [
        one
        for child in desired
        if (one := observation.found.get(child.reference.identity)) is not None
        and not is_deleting(one)
        and is_member(observation.instance, one)
    ]
    return live if node.is_many else next(iter(live), None)


def is_member(instance: Manifest, live: Manifest) -> bool:
    return labels_of(live).get(APPLYSET_PART_OF) == set_id(instance)


def fingerprint(value: Any) -> Any:
    """Cheap equality of observations: which objects, in which version."""
    if isinstance(value, list):
        return [fingerprint(one) for one in value]
    if value is None:
        return None
    metadata = value.get("metadata") or {}
    return (metadata.get("uid"), metadata.get("resourceVersion"), metadata.get("name"))


async def read_external_refs(
    informers: SharedInformers, observation: Observation, rendering: Rendering
) -> bool:
    changed = False
    for node_id, state in rendering.nodes.items():
        if not observation.definition.node(node_id).is_external or not state.lookups:
            continue
        seen: Any = [] if observation.definition.node(node_id).is_many else None
        for lookup in state.lookups:
            try:
                watch_key, answer = await informers.look_up(lookup)
            except NotServed as error:
                observation.missing_kinds[node_id] = str(error)
                continue
            observation.external_refs.add(watch_key)
            seen = [*seen, *(answer or [])] if isinstance(seen, list) else answer
        known = node_id in observation.observed
        if not known or fingerprint(seen) != fingerprint(observation.observed[node_id]):
            observation.observed[node_id] = seen
            changed = changed or seen is not None
    return changed


async def find_desired(client: Client, observation: Observation) -> None:
    """The live object of every wanted one: a member, or whatever bears its name (one request each, once)."""
    members = {reference_to(member).identity: member for member in observation.members}
    unknown = []
    for child in observation.desired:
        identity = child.reference.identity
        if identity in members:
            observation.found[identity] = members[identity]
        elif identity not in observation.looked:
            unknown.append(child)
    answers = await asyncio.gather(*(read(client, child) for child in unknown))
    for child, live in zip(unknown, answers, strict=True):
        observation.looked.add(child.reference.identity)
        if live is not None:
            observation.found[child.reference.identity] = live


async def read(client: Client, child: Child) -> dict[str, Any] | None:
    resource = await client.kinds.find(child.reference.api_version, child.reference.kind)
    return await client.get(resource, child.reference.namespace, child.reference.name)
