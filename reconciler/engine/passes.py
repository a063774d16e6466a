"""One pass: given the name of an instance, look at everything, make it so, and say what came of it.

A pass never waits inside for something to happen; events bring the next one. Several layers go in one pass:
the answers of a round's applies are the observations of the next round.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.runtime import Rendering, render
from reconciler.engine.carry_out import apply_all, delete_all, explain, keep_books, prune_all, release
from reconciler.engine.conditions import Outcome, built_in, status_apply, status_body
from reconciler.engine.losses import Losses
from reconciler.engine.notes import note_of, notes_of_status, timestamp
from reconciler.engine.observe import Identity, View, look
from reconciler.engine.offers import Offer
from reconciler.engine.snapshot import Key, Note, Snapshot
from reconciler.engine.summary import NodeLine, Summary, leaving_nodes, node_lines, resource_lines, summarise
from reconciler.engine.watches import Watched, Watches
from reconciler.kube import ApiError, Client, KubeError, Resource
from reconciler.objects.health import Health
from reconciler.objects.names import (
    APPLYSET_PART_OF,
    FINALIZER,
    KRO_SUSPEND,
    STATUS_MANAGER,
    SUSPEND,
    SUSPEND_VALUES,
)
from reconciler.objects.plain import sentences
from reconciler.objects.reading import (
    Manifest,
    annotations_of,
    finalizers_of,
    generation_of,
    is_deleting,
    namespace_of,
    uid_of,
)
from reconciler.plan import (
    Apply,
    Delete,
    Inventory,
    Plan,
    Settled,
    plan,
    plan_deletion,
    recorded,
    set_id,
    settled,
)
from reconciler.plan.instance import possible
from reconciler.plan.inventory import foreign_tool, is_damaged

log = logging.getLogger("slipway.engine")

ROUNDS = 64  # layers that may go in one pass; a deeper graph goes on in the next


@dataclass(slots=True)
class Memory:
    """What makes passes cheaper and their words better. Losing it costs an apply, never an answer."""

    settled: dict[str, Settled] = field(default_factory=dict)  # uid of a child
    losses: dict[str, Losses] = field(default_factory=dict)  # uid of an instance
    claims: dict[Identity, str] = field(default_factory=dict)  # objects being applied right now, and for whom


@dataclass(slots=True)
class Result:
    snapshot: Snapshot
    again_after: float | None = None
    failed: bool = False  # come back with back-off
    at_least: float = 0.0
    externals: set[Watched] = field(default_factory=set)
    members: list[Manifest] = field(default_factory=list)


class Pass:
    """The work on one instance.

    ``deeper``: per uid of a child, what its pods say. ``contracts``: ``Kind.group`` of every contract.
    """

    def __init__(
        self,
        client: Client,
        watches: Watches,
        memory: Memory,
        offer: Offer,
        key: Key,
        instance: Manifest,
        deeper: Mapping[str, Health],
        contracts: Collection[str] = (),
    ) -> None:
        self.client, self.watches, self.memory = client, watches, memory
        self.offer, self.key, self.instance, self.deeper = offer, key, instance, deeper
        self.contracts = contracts
        self.notes: list[Note] = []
        self.errors: dict[Identity, str] = {}
        self.blocked: dict[str, str] = {}
        self.refused = False
        self.retry = False
        self.at_least = 0.0

    async def run(self) -> Result:
        """Raises ``KubeError`` when the cluster cannot be asked; nothing is lost by that."""
        if is_deleting(self.instance):
            return await self.take_away()
        if is_suspended(self.instance):
            return await self.stay_suspended()
        other = foreign_tool(self.instance)
        if other:
            return await self.give_up(
                managed=f"{other} already looks after this object. Remove it there first."
            )
        if self.offer.definition is None:
            return await self.give_up(resolved=f"The contract does not compile: {self.offer.problem}")
        return await self.make_so(View(self.instance, self.offer.definition))

    # -- the usual case ---------------------------------------------------------------------------------

    async def make_so(self, view: View) -> Result:
        scope = recorded(self.instance).kinds | {
            f"{node.kind}.{node.group}" if node.group else node.kind
            for node in view.definition.nodes
            if not node.is_external
        }
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
            if live is not None and child.reference.identity not in due:
                self.memory.settled.setdefault(uid_of(live), settled(child.body, live))

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

    def trouble(self, text: str) -> Snapshot:
        """The pass could not be finished; what the row says of its resources stays."""
        published = self.offer.published
        summary = Summary("unknown", "ReconcileFailed", text)
        return Snapshot(self.key, published.contract, published.revision, self.instance, summary=summary,
                        notes=tuple(self.notes), partial=True)  # fmt: skip

    async def finish(
        self,
        outcome: Outcome,
        view: View | None,
        summary: Summary | None,
        *,
        failed: bool = False,
        at_least: float = 0.0,
        again_after: float | None = None,
    ) -> Result:
        now = timestamp()
        conditions = built_in(self.instance, outcome, now)
        rendering = view.rendering if view else None
        if view is not None and view.definition.conditions:
            rendering = render(
                view.definition, self.instance, view.observed, own_conditions=conditions
            )  # the author's conditions may read these
        if rendering is not None:
            self.notes += notes_of_status(self.instance, rendering.problems)
        status = status_body(self.instance, rendering, outcome, conditions, now, self.offer.definition)
        await self.write_status(status)
        snapshot = Snapshot(
            key=self.key,
            contract=self.offer.published.contract,
            revision=self.offer.published.revision,
            instance=self.instance,
            status={key: value for key, value in status.items() if key not in ("state", "conditions")},
            conditions=tuple(self.shown_conditions(status, conditions)),
            summary=summary,
            suspended=outcome.suspended,
            notes=tuple(self.notes),
        )
        return Result(
            snapshot,
            again_after,
            failed,
            at_least,
            view.externals if view else set(),
            view.members if view else [],
        )

    @staticmethod
    def shown_conditions(status: Mapping[str, Any], conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Both the author's and the built-in ones: on the page nothing is hidden."""
        given = status["conditions"]
        types = {condition["type"] for condition in given}
        return [*given, *(condition for condition in conditions if condition["type"] not in types)]

    async def write_status(self, status: dict[str, Any]) -> None:
        if (self.instance.get("status") or {}) == status:
            return
        resource = await self.resource()
        try:
            answer = await self.client.apply(
                resource, status_apply(self.instance, status), manager=STATUS_MANAGER, subresource="status"
            )
        except ApiError as error:
            if error.not_found or error.conflict:
                return  # it was deleted meanwhile; the watch will say so
            if not error.is_refusal:
                raise
            log.warning("%s: the status was refused: %s", self.key.words, error.message)
            return
        self.instance = {**answer, "apiVersion": self.instance["apiVersion"], "kind": self.instance["kind"]}

    async def resource(self) -> Resource:
        return await self.client.kinds.find(self.instance["apiVersion"], self.instance["kind"])

    # -- the other cases --------------------------------------------------------------------------------

    async def give_up(self, *, managed: str = "", resolved: str = "") -> Result:
        outcome = Outcome(managed=managed, resolved=resolved, failed=True)
        reason = "ManagementFailed" if managed else "ResolutionFailed"
        return await self.finish(outcome, None, Summary("failed", reason, managed or resolved))

    async def stay_suspended(self) -> Result:
        text = "Reconciliation is suspended by an annotation on the instance; nothing is applied or repaired."
        outcome = Outcome(not_ready=text, suspended=True)
        return await self.finish(outcome, None, Summary("waiting", "Suspended", text))

    async def take_away(self) -> Result:
        if FINALIZER not in finalizers_of(self.instance):
            text = "Slipway is done with it. " + others_finalizers(self.instance)
            return await self.deleting(text, [], write=False)
        if is_damaged(self.instance) and self.offer.definition is None:
            text = (
                "Its inventory was removed from the object and its contract cannot be read, so nobody knows "
                f"what belongs to it. Remove what is left and then the finalizer {FINALIZER} by hand."
            )
            return await self.deleting(text, [], write=True)
        members = await self.listed_members()
        step = plan_deletion(members)
        if step.done:
            await release(self.client, self.instance)
            return await self.deleting("Everything is gone.", [], write=False)
        await delete_all(self.client, [one for one in step.steps if isinstance(one, Delete)])
        words = [one.reason for one in step.steps if not isinstance(one, Delete)]
        text = " ".join(words) or f"{step.left} resources are being removed."
        return await self.deleting(text, members, write=True)

    async def deleting(self, text: str, members: list[Manifest], *, write: bool) -> Result:
        lines = resource_lines([], {}, members, {}, {})
        definition = self.offer.definition
        nodes = leaving_nodes(definition, lines) if definition else []
        summary = Summary("deleting", "Deleting", text, tuple(nodes), tuple(lines))
        outcome = Outcome(deleting=text)
        if not write:
            snapshot = Snapshot(self.key, self.offer.published.contract, self.offer.published.revision,
                                self.instance, summary=summary)  # fmt: skip
            return Result(snapshot)
        return await self.finish(outcome, None, summary, again_after=10.0)

    async def listed_members(self) -> list[Manifest]:
        """Straight from the API server: what a cache does not show yet must not stay behind."""
        inventory = recorded(self.instance)
        kinds, home = inventory.kinds, namespace_of(self.instance)
        everywhere = is_damaged(self.instance)
        if everywhere and self.offer.definition is not None:
            kinds |= possible(self.offer.definition).kinds
        labels = f"{APPLYSET_PART_OF}={set_id(self.instance)}"
        found: list[Manifest] = []
        for group_kind in sorted(kinds):
            resource = await self.client.kinds.find_group_kind(group_kind)
            if resource is None:
                continue
            self.watches.children(resource)  # so that its disappearance wakes us
            own = {home, *inventory.namespaces} - {""}
            places = sorted(own) if resource.namespaced and not everywhere else [""]
            for place in places:
                found.extend((await self.client.list_all(resource, place, labels=labels))[0])
        return found


def is_suspended(instance: Manifest) -> bool:
    annotations = annotations_of(instance)
    return any(annotations.get(name, "").lower() in SUSPEND_VALUES for name in (SUSPEND, KRO_SUSPEND))


def others_finalizers(instance: Manifest) -> str:
    names = ", ".join(sorted(finalizers_of(instance)))
    return f"It waits for the finalizer {names}." if names else "It is being removed."
