"""The usual pass: apply what differs, layer by layer, prune what nobody wants, and say how all of it is.

Several layers go in one pass: the answers of a round's applies are the observations of the next round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering
from reconciler.cache.informers import Watches
from reconciler.instances.events import note_of
from reconciler.instances.execute import apply_all, explain, keep_books, prune_all
from reconciler.instances.observe import View, look
from reconciler.instances.reconciler import Pass, Result
from reconciler.kinds.compiled import Offer
from reconciler.kube import ApiError, Client, KubeError
from reconciler.objects.health import Health
from reconciler.objects.plain import sentences
from reconciler.objects.reading import Identity, Manifest, generation_of, uid_of
from reconciler.plan import Apply, Inventory, Plan, Settled, plan, recorded, settled
from reconciler.plan.instance import possible
from reconciler.status.baseline import Losses
from reconciler.status.conditions import Outcome
from reconciler.status.snapshot import Key, Note
from reconciler.status.summary import NodeLine, node_lines, resource_lines, summarise

ROUNDS = 64  # layers that may go in one pass; a deeper graph goes on in the next


@dataclass(slots=True)
class Memory:
    """What makes passes cheaper and their words better. Losing it costs an apply, never an answer."""

    settled: dict[str, Settled] = field(default_factory=dict)  # uid of a child
    losses: dict[str, Losses] = field(default_factory=dict)  # uid of an instance
    claims: dict[Identity, str] = field(default_factory=dict)  # objects being applied right now, and for whom


class Upkeep(Pass):
    """``definition``: the offer's, which compiles. ``deeper``: per uid of a child, what its pods say.

    ``contracts``: ``Kind.group`` of every contract.
    """

    def __init__(
        self,
        client: Client,
        watches: Watches,
        memory: Memory,
        offer: Offer,
        definition: Definition,
        key: Key,
        instance: Manifest,
        deeper: Mapping[str, Health],
        contracts: Collection[str] = (),
    ) -> None:
        super().__init__(client, offer, key, instance)
        self.watches, self.memory, self.definition = watches, memory, definition
        self.deeper, self.contracts = deeper, contracts
        self.errors: dict[Identity, str] = {}
        self.blocked: dict[str, str] = {}
        self.refused = False
        self.retry = False
        self.at_least = 0.0

    async def run(self) -> Result:
        view = View(self.instance, self.definition)
        scope = recorded(self.instance).kinds | possible(self.definition).kinds
        view.members = await self.watches.members(uid_of(self.instance), scope)
        todo = await self.apply_rounds(view)
        if todo.prunes and not todo.applies:
            await prune_all(self.client, todo.prunes)
            self.notes += [
                Note("Pruned", f"Removed {step.reference.words}: no node wants it any more.",
                     f"{step.uid}:pruned", node=step.node, resource=step.reference)
                for step in todo.prunes
            ]  # fmt: skip
        self.remember(view, todo)
        if not todo.steps and recorded(self.instance) != todo.after:
            await self.record(todo.after)
        return await self.report(view, todo)

    async def apply_rounds(self, view: View) -> Plan:
        """Apply what is due, layer by layer, as far as readiness allows now. Returns what is left to do."""
        for _ in range(ROUNDS):
            await look(self.client, self.watches, view)
            assert view.rendering is not None
            todo = plan(
                self.instance,
                view.definition,
                view.rendering,
                view.wanted,
                view.found,
                view.members,
                self.memory.settled,
            )
            due = [step for step in todo.applies if step.reference.identity not in self.errors]
            if not due:
                return todo
            await self.record(todo.before)
            view.instance = self.instance
            await self.apply_round(view, due)
        self.retry = True
        return todo

    async def apply_round(self, view: View, due: list[Apply]) -> None:
        mine = self.claim(due)
        try:
            for step, answer in await apply_all(self.client, mine):
                identity = step.reference.identity
                if isinstance(answer, KubeError):
                    self.errors[identity] = explain(step, answer)
                    self.refused |= isinstance(answer, ApiError) and answer.is_refusal
                    self.at_least = max(self.at_least, getattr(answer, "retry_after", None) or 0.0)
                    continue
                self.learn(step, answer, view)
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
                self.errors[identity] = f"{step.reference.words} is being made by another instance right now."
        return mine

    def learn(self, step: Apply, live: dict[str, Any], view: View) -> None:
        live["apiVersion"], live["kind"] = step.reference.api_version, step.reference.kind
        self.watches.learn(live)
        view.take(live)
        self.memory.settled[uid_of(live)] = settled(step.body, live)
        self.notes.append(note_of(step, live))

    def remember(self, view: View, todo: Plan) -> None:
        """Objects that need nothing are as they were applied, also after a restart."""
        due = {step.reference.identity for step in todo.applies}
        for child in view.wanted:
            live = view.found.get(child.reference.identity)
            if live is None or child.reference.identity in due or uid_of(live) in self.memory.settled:
                continue
            self.memory.settled[uid_of(live)] = settled(child.body, live)

    async def record(self, inventory: Inventory) -> None:
        before = self.instance
        after = await keep_books(self.client, self.instance, self.offer.published.name, inventory)
        if after is not before:
            self.instance = after

    # -- saying it --------------------------------------------------------------------------------------

    async def report(self, view: View, todo: Plan) -> Result:
        assert view.rendering is not None
        for step in todo.refusals:
            self.errors[step.reference.identity] = step.reason
            self.refused = True
            self.notes.append(
                Note("NameTaken", step.reason, f"{uid_of(self.instance)}:{step.reference.words}:taken",
                     warning=True, node=step.node, resource=step.reference)
            )  # fmt: skip
        self.blocked |= view.missing_kinds
        losses = self.memory.losses.setdefault(uid_of(view.instance), Losses())
        losses.wish(generation_of(view.instance))
        lines = resource_lines(
            view.wanted, view.found, view.members, self.errors, self.deeper, self.contracts, losses
        )
        nodes = node_lines(view.definition, view.rendering, lines, self.blocked)
        summary = summarise(nodes, lines, generation_of(view.instance))
        problems = self.problems(view.rendering, todo, nodes)
        failed = (
            self.refused
            or view.rendering.fatal
            or any(
                state.state == "failed" or state.code == "ready-when-failed"
                for state in view.rendering.nodes.values()
            )
        )
        going = any(wait.code == "being-deleted" for wait in todo.waits)
        reason = "ResourceDeleting" if going else "NotReady"
        outcome = Outcome(not_ready=sentences(problems), failed=failed, reason=reason if problems else "")
        retry = bool(self.errors) or self.retry or bool(self.blocked)
        return await self.finish(
            outcome, view, summary, failed=retry, at_least=max(self.at_least, 5.0 if self.refused else 0.0)
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
