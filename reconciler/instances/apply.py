"""The usual pass: apply what differs, layer by layer, prune what nobody wants, and say how all of it is.

Several layers go in one pass: the answers of a round's applies are the observations of the next round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering
from reconciler.cache.informers import SharedInformers
from reconciler.instances.events import record_of
from reconciler.instances.execute import apply_all, explain, prune_all, record_inventory
from reconciler.instances.observe import Observation, observe
from reconciler.instances.reconciler import InstanceReconciler, Result
from reconciler.kinds.compiled import CompiledContract
from reconciler.kube import ApiError, Client, KubeError
from reconciler.objects.accessors import Identity, Manifest, generation_of, uid_of
from reconciler.objects.health import Health
from reconciler.objects.reason_messages import sentences
from reconciler.plan import Apply, Inventory, Plan, Settled, plan, recorded, settled
from reconciler.plan.instance import possible
from reconciler.status.baseline import ReadinessBaseline
from reconciler.status.conditions import Outcome
from reconciler.status.snapshot import EventRecord, Key
from reconciler.status.summary import NodeLine, node_lines, resource_lines, summarise

ROUNDS = 64  # layers that may go in one pass; a deeper graph goes on in the next


@dataclass(slots=True)
class ReconcileCache:
    """What makes passes cheaper and their words better. Losing it costs an apply, never an answer."""

    settled: dict[str, Settled] = field(default_factory=dict)  # uid of a child
    losses: dict[str, ReadinessBaseline] = field(default_factory=dict)  # uid of an instance
    claims: dict[Identity, str] = field(default_factory=dict)  # objects being applied right now, and for whom


class ApplyReconciler(InstanceReconciler):
    """``definition``: the offer's, which compiles. ``pod_health``: per uid of a child, what its pods say.

    ``contracts``: ``Kind.group`` of every contract.
    """

    def __init__(
        self,
        client: Client,
        informers: SharedInformers,
        memory: ReconcileCache,
        compiled: CompiledContract,
        definition: Definition,
        key: Key,
        instance: Manifest,
        pod_health: Mapping[str, Health],
        contracts: Collection[str] = (),
    ) -> None:
        super().__init__(client, compiled, key, instance)
        self.informers, self.memory, self.definition = informers, memory, definition
        self.pod_health, self.contracts = pod_health, contracts
        self.errors: dict[Identity, str] = {}
        self.blocked: dict[str, str] = {}
        self.refused = False
        self.retry = False
        self.at_least = 0.0

    async def run(self) -> Result:
        observation = Observation(self.instance, self.definition)
        scope = recorded(self.instance).kinds | possible(self.definition).kinds
        observation.members = await self.informers.members(uid_of(self.instance), scope)
        todo = await self.apply_rounds(observation)
        if todo.prunes and not todo.applies:
            await prune_all(self.client, todo.prunes)
            self.records += [
                EventRecord("Pruned", f"Removed {step.reference.display_name}: no node wants it any more.",
                     f"{step.uid}:pruned", node=step.node, resource=step.reference)
                for step in todo.prunes
            ]  # fmt: skip
        self.remember(observation, todo)
        if not todo.steps and recorded(self.instance) != todo.after:
            await self.record(todo.after)
        return await self.report(observation, todo)

    async def apply_rounds(self, observation: Observation) -> Plan:
        """Apply what is due, layer by layer, as far as readiness allows now. Returns what is left to do."""
        for _ in range(ROUNDS):
            await observe(self.client, self.informers, observation)
            assert observation.rendering is not None
            todo = plan(
                self.instance,
                observation.definition,
                observation.rendering,
                observation.desired,
                observation.found,
                observation.members,
                self.memory.settled,
            )
            due = [step for step in todo.applies if step.reference.identity not in self.errors]
            if not due:
                return todo
            await self.record(todo.before)
            observation.instance = self.instance
            await self.apply_round(observation, due)
        self.retry = True
        return todo

    async def apply_round(self, observation: Observation, due: list[Apply]) -> None:
        mine = self.claim(due)
        try:
            for step, answer in await apply_all(self.client, mine):
                identity = step.reference.identity
                if isinstance(answer, KubeError):
                    self.errors[identity] = explain(step, answer)
                    self.refused |= isinstance(answer, ApiError) and answer.is_refusal
                    self.at_least = max(self.at_least, getattr(answer, "retry_after", None) or 0.0)
                    continue
                self.learn(step, answer, observation)
        finally:
            for step in mine:
                self.memory.claims.pop(step.reference.identity, None)

    def claim(self, due: list[Apply]) -> list[Apply]:
        """Two instances that want one name at one moment must not both find it free."""
        mine = []
        for step in due:
            identity, uid = step.reference.identity, uid_of(self.instance)
            if self.memory.claims.setdefault(identity, uid) == uid:
                mine.append(step)
            else:
                self.errors[identity] = (
                    f"{step.reference.display_name} is being made by another instance right now."
                )
        return mine

    def learn(self, step: Apply, live: dict[str, Any], observation: Observation) -> None:
        live["apiVersion"], live["kind"] = step.reference.api_version, step.reference.kind
        self.informers.learn(live)
        observation.record_applied(live)
        self.memory.settled[uid_of(live)] = settled(step.body, live)
        self.records.append(record_of(step, live))

    def remember(self, observation: Observation, todo: Plan) -> None:
        """Objects that need nothing are as they were applied, also after a restart."""
        due = {step.reference.identity for step in todo.applies}
        for child in observation.desired:
            live = observation.found.get(child.reference.identity)
            if live is None or child.reference.identity in due or uid_of(live) in self.memory.settled:
                continue
            self.memory.settled[uid_of(live)] = settled(child.body, live)

    async def record(self, inventory: Inventory) -> None:
        before = self.instance
        after = await record_inventory(self.client, self.instance, self.compiled.published.name, inventory)
        if after is not before:
            self.instance = after

    # -- saying it --------------------------------------------------------------------------------------

    async def report(self, observation: Observation, todo: Plan) -> Result:
        assert observation.rendering is not None
        for step in todo.refusals:
            self.errors[step.reference.identity] = step.reason
            self.refused = True
            self.records.append(
                EventRecord(
                    "NameTaken",
                    step.reason,
                    f"{uid_of(self.instance)}:{step.reference.display_name}:taken",
                    warning=True,
                    node=step.node,
                    resource=step.reference,
                )
            )
        self.blocked |= observation.missing_kinds
        losses = self.memory.losses.setdefault(uid_of(observation.instance), ReadinessBaseline())
        losses.wish(generation_of(observation.instance))
        lines = resource_lines(
            observation.desired,
            observation.found,
            observation.members,
            self.errors,
            self.pod_health,
            self.contracts,
            losses,
        )
        nodes = node_lines(observation.definition, observation.rendering, lines, self.blocked)
        summary = summarise(nodes, lines, generation_of(observation.instance))
        problems = self.problems(observation.rendering, todo, nodes)
        failed = (
            self.refused
            or observation.rendering.fatal
            or any(
                state.state == "failed" or state.code == "ready-when-failed"
                for state in observation.rendering.nodes.values()
            )
        )
        going = any(wait.code == "being-deleted" for wait in todo.waits)
        reason = "ResourceDeleting" if going else "NotReady"
        outcome = Outcome(not_ready=sentences(problems), failed=failed, reason=reason if problems else "")
        retry = bool(self.errors) or self.retry or bool(self.blocked)
        return await self.finish(
            outcome,
            observation,
            summary,
            failed=retry,
            at_least=max(self.at_least, 5.0 if self.refused else 0.0),
        )

    def problems(self, rendering: Rendering, todo: Plan, nodes: Sequence[NodeLine]) -> list[str]:
        """Why the resources are not ready, in topological order, each with the deepest known reason."""
        lines = {line.id: line for line in nodes}
        waits = {wait.node: wait.reason for wait in todo.waits}
        found = [
            f"{node}: {lines[node].reason or waits.get(node) or state.reason}"
            for node, state in rendering.nodes.items()
            if state.state != "ignored" and (not state.ready or node in waits or node in self.blocked)
        ]
        return [*found, *self.errors.values()]
