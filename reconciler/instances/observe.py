"""Observe what a decision needs: render and read until the rendering agrees with what was read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.compiler import Definition, Node
from contracts.runtime import Lookup, Rendering, render
from reconciler.cache.informers import WatchKey
from reconciler.context import ClusterContext
from reconciler.kube import NotServed
from reconciler.objects.accessors import (
    Identity,
    Manifest,
    Reference,
    is_deleting,
    labels_of,
    reference_to,
    uid_of,
    version_of,
)
from reconciler.objects.names import APPLYSET_PART_OF, NODE, label_value
from reconciler.plan import Bounds, Child, Graph, Observation, children, recorded, set_id
from reconciler.plan.finished import Finished, finished_unseen
from reconciler.plan.instance import possible_inventory
from reconciler.plan.nesting import depth_of
from reconciler.status.resources import NOT_KNOWN


class Observer:
    """The observations of one pass. ``external_refs``: the watches that the external references read from."""

    def __init__(
        self, context: ClusterContext, instance: Manifest, definition: Definition, bounds: Bounds
    ) -> None:
        self._context, self._definition, self._bounds = context, definition, bounds
        self.instance = instance
        self.external_refs: set[WatchKey] = set()
        self._members: list[Manifest] = []
        self._found: dict[Identity, Manifest] = {}  # the live object of each desired one
        self._looked_up: set[Identity] = set()
        self._collected: dict[Identity, Finished] = {}  # what has finished and was deleted afterwards
        self._observed: dict[str, Any] = {}  # node → its live objects
        self._missing_kinds: dict[str, str] = {}  # node → why its kind is not served
        self._refused_reads: dict[str, str] = {}  # node → why it may not read what it references
        self._unserved: frozenset[str] = frozenset()
        self._rendering: Rendering | None = None
        self._desired: list[Child] = []

    def record_applied(self, live: dict[str, Any]) -> None:
        """The answer of an apply is the object's latest observation."""
        identity = reference_to(live).identity
        self._found[identity] = live
        self._looked_up.add(identity)
        self._members = [one for one in self._members if reference_to(one).identity != identity] + [live]

    def version(self, identity: Identity) -> str:
        """The resourceVersion of a desired object as it was observed last; empty when it does not exist."""
        live = self._found.get(identity)
        return version_of(live) if live is not None else ""

    async def observe_members(self) -> None:
        """From the cache. Raises ``NotSynced``."""
        kinds = recorded(self.instance).kinds | possible_inventory(self._definition).kinds
        self._members = await self._context.informers.members(uid_of(self.instance), kinds)
        find = self._context.client.kinds.find_group_kind
        self._unserved = frozenset([kind for kind in sorted(kinds) if await find(kind) is None])

    async def observe(self) -> tuple[Observation, Graph]:
        """Read external references and desired objects by name, and render, until nothing new is read."""
        scopes = await self._scopes()
        for _ in range(2 * len(self._definition.nodes) + 2):
            self._assign_members()
            rendering = self._rendering = render(self._definition, self.instance, self._observed)
            changed = await self._read_external_refs(rendering)
            self._desired = [
                child
                for child in children(self.instance, self._definition, rendering, scopes)
                if child.node not in self._missing_kinds
            ]
            await self._find_desired()
            self._recall_finished()
            if not (self._assign_members() or changed):
                break
        return self._observation(), Graph(self._definition, rendering, dict(self._observed), self._desired)

    def _observation(self) -> Observation:
        return Observation(
            instance=self.instance,
            members=tuple(self._members),
            found=dict(self._found),
            missing_kinds=dict(self._missing_kinds),
            refused_reads=dict(self._refused_reads),
            unserved=self._unserved,
            pod_health=self._context.pods_and_events.pod_health,
            contract_kinds=self._context.contracts.keys(),
            collected=dict(self._collected),
            depth=depth_of(self.instance, self._context.instances.of_uid),
        )

    async def _scopes(self) -> Mapping[tuple[str, str], bool]:
        """Which kinds are namespaced in the cluster; notes those that it does not serve."""
        scopes = {}
        for node in self._definition.nodes:
            try:
                resource = await self._context.client.kinds.find(node.api_version, node.kind)
                scopes[(node.api_version, node.kind)] = resource.namespaced
                self._missing_kinds.pop(node.id, None)
            except NotServed as error:
                self._missing_kinds[node.id] = str(error)
        return scopes

    def _assign_members(self) -> bool:
        """Assign each node its live objects; True when that changed what is observed."""
        by_node: dict[str, list[Manifest]] = {}
        for member in self._members:
            if not is_deleting(member):
                by_node.setdefault(labels_of(member).get(NODE, ""), []).append(member)
        changed = False
        for node in self._definition.nodes:
            if node.is_external:
                continue
            live = self._objects_of(node, by_node.get(label_value(node.id), []))
            if fingerprint(live) != fingerprint(self._observed.get(node.id)):
                self._observed[node.id] = live
                changed = True
        return changed

    def _objects_of(self, node: Node, members: list[Manifest]) -> Any:
        """The live object of a single node is the one with its present name, not with an earlier one."""
        state = self._rendering.nodes.get(node.id) if self._rendering else None
        desired = [child for child in self._desired if child.node == node.id]
        if state is None or state.state != "desired" or not desired:
            return list(members) if node.is_many else next(iter(members), None)
        live = [
            one
            for child in desired
            if (one := self._last_observation(child)) is not None
            and not is_deleting(one)
            and is_member(self.instance, one)
        ]
        return live if node.is_many else next(iter(live), None)

    async def _read_external_refs(self, rendering: Rendering) -> bool:
        changed = False
        for node_id, state in rendering.nodes.items():
            node = self._definition.node(node_id)
            if not node.is_external or not state.lookups:
                continue
            seen = await self._look_up_all(node, state.lookups)
            known = node_id in self._observed
            if not known or fingerprint(seen) != fingerprint(self._observed[node_id]):
                self._observed[node_id] = seen
                changed = changed or seen is not None
        return changed

    async def _look_up_all(self, node: Node, lookups: Sequence[Lookup]) -> Any:
        """What the external references of a node find. Nothing is read that is out of reach."""
        seen: Any = [] if node.is_many else None
        self._refused_reads.pop(node.id, None)
        for lookup in lookups:
            try:
                resource = await self._context.client.kinds.find(lookup.api_version, lookup.kind)
                namespace = lookup.namespace if resource.namespaced else ""
                reference = Reference(lookup.api_version, lookup.kind, namespace, lookup.name or "")
                refused = self._bounds.read_violation(
                    self.instance, node.id, reference, namespaced=resource.namespaced
                )
                if refused:
                    self._refused_reads[node.id] = refused
                    continue
                watch_key, answer = await self._context.informers.look_up(lookup)
            except NotServed as error:
                self._missing_kinds[node.id] = str(error)
                continue
            self.external_refs.add(watch_key)
            seen = [*seen, *(answer or [])] if isinstance(seen, list) else answer
        return None if node.id in self._refused_reads else seen

    async def _find_desired(self) -> None:
        """The live object of each desired one: a member, or any object of its name (one request, once).

        An object that is out of reach is not even read.
        """
        members = {reference_to(member).identity: member for member in self._members}
        unknown = []
        for child in self._desired:
            identity = child.reference.identity
            if identity in members:
                self._found[identity] = members[identity]
            elif identity not in self._looked_up and not self._is_out_of_reach(child):
                unknown.append(child)
        answers = await asyncio.gather(*(self._read(child) for child in unknown))
        for child, live in zip(unknown, answers, strict=True):
            self._looked_up.add(child.reference.identity)
            if live is not None:
                self._found[child.reference.identity] = live

    def _recall_finished(self) -> None:
        """Desired objects that have finished and do not exist any more, or are about to be deleted."""
        cache, uid = self._context.reconcile_cache, uid_of(self.instance)
        known = cache.previous(uid).resources
        self._collected = {}
        for child in self._desired:
            identity = child.reference.identity
            live, resource = self._found.get(identity), known.get(identity, NOT_KNOWN)
            if live is not None and not is_deleting(live):
                continue
            ended = resource.finished or finished_unseen(child.body, cache.last_seen(uid, identity))
            if ended is not None and ended.is_of(child.body):
                self._collected[identity] = ended

    def _last_observation(self, child: Child) -> Manifest | None:
        """The live object, or what is known of one that has finished and was deleted afterwards."""
        identity = child.reference.identity
        ended = self._collected.get(identity)
        return ended.as_object(child.body) if ended is not None else self._found.get(identity)

    def _is_out_of_reach(self, child: Child) -> bool:
        return bool(self._bounds.violation(self.instance, child.node, child.reference))

    async def _read(self, child: Child) -> dict[str, Any] | None:
        client, reference = self._context.client, child.reference
        resource = await client.kinds.find(reference.api_version, reference.kind)
        return await client.get(resource, reference.namespace, reference.name)


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
