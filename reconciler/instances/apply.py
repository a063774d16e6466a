"""The usual pass: apply what differs, layer by layer, prune what is no longer desired, and report.

One pass goes through several layers: the answers of a round's applies are the observations of the next round.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contracts.compiler import Definition
from reconciler.cache.contracts import CompiledContract
from reconciler.context import ClusterContext
from reconciler.instances.events import (
    applied_record,
    conflict_records,
    pruned_record,
    refused_record,
    withheld_records,
)
from reconciler.instances.execute import apply_all, explain, prune_all, record_inventory
from reconciler.instances.observe import Observer
from reconciler.instances.reconciler import InstanceReconciler, Result
from reconciler.kube import ApiError, KubeError
from reconciler.objects.accessors import Identity, Manifest, Reference, uid_of, version_of
from reconciler.plan import Apply, Graph, Inventory, Observation, Plan, last_applied, plan, recorded
from reconciler.plan.compare import Label
from reconciler.status.outcome import Reconciled
from reconciler.status.snapshot import Key

ROUNDS = 64  # layers in one pass; a deeper graph continues in the next
RETRY_REFUSED = 5.0  # seconds, at least


class ApplyReconciler(InstanceReconciler):
    """``compiled``: a contract that compiles."""

    def __init__(
        self, context: ClusterContext, compiled: CompiledContract, key: Key, instance: Manifest
    ) -> None:
        super().__init__(context, compiled, key, instance)
        self.observer = Observer(context, instance, self.definition, self.bounds)
        self.errors: dict[Identity, str] = {}
        self.is_refused = False
        self.is_incomplete = False
        self.at_least = 0.0
        self.losses = context.reconcile_cache.losses
        self.repairs = context.reconcile_cache.repairs

    @property
    def definition(self) -> Definition:
        assert self.compiled.definition is not None
        return self.compiled.definition

    async def run(self) -> Result:
        await self.observer.observe_members()
        observation, graph, remaining = await self.apply_rounds()
        if remaining.prunes and not remaining.applies:
            for step in remaining.prunes:
                self.losses.forget(uid_of(self.instance), step.reference.identity)
                self.repairs.forget(uid_of(self.instance), step.reference.identity)
            await prune_all(self.client, remaining.prunes)
            named = (step for step in remaining.prunes if step.node not in self.compiled.unnamed)
            self.records += map(pruned_record, named)
        self.remember_unchanged(observation, graph, remaining)
        self.observe_repairs(graph, remaining)
        if not remaining.steps and recorded(self.instance) != remaining.after:
            await self.record(remaining.after)
        return await self.report(observation, graph, remaining)

    async def apply_rounds(self) -> tuple[Observation, Graph, Plan]:
        """Apply what is due, layer by layer, as far as readiness allows now. Returns what remains to do."""
        for _ in range(ROUNDS):
            observation, graph = await self.observer.observe()
            remaining = plan(observation, graph, self.context.reconcile_cache.last_applied, self.bounds)
            due = [step for step in remaining.applies if self.is_due(step)]
            if not due:
                return observation, graph, remaining
            await self.record(remaining.before)
            await self.apply_round(due)
        self.is_incomplete = True
        return observation, graph, remaining

    def is_due(self, step: Apply) -> bool:
        """Whether to apply it now. What others delete or change again and again is restored after a while."""
        identity = step.reference.identity
        if identity in self.errors:
            return False
        if step.why in ("update", "repair"):
            return not self.repairs.due_in(uid_of(self.instance), identity, step.differences)
        wait = self.losses.wait(uid_of(self.instance), identity) if step.why == "create" else 0.0
        if wait:
            self.at_least = max(self.at_least, wait)
            self.doubt(step.reference)
        return not wait

    def doubt(self, reference: Reference) -> None:
        """Report an object that others delete again and again, until it has stayed for a while."""
        doubt = self.losses.doubt(uid_of(self.instance), reference.identity)
        if doubt:
            self.errors.setdefault(reference.identity, f"{reference.display_name} {doubt}")

    async def apply_round(self, due: list[Apply]) -> None:
        claimed = [step for step in due if self.claim(step)]
        for step in claimed:
            if step.why == "create":
                self.losses.creating(uid_of(self.instance), step.reference.identity)
        try:
            for step, answer in await apply_all(self.client, claimed):
                if isinstance(answer, KubeError):
                    self.record_error(step, answer)
                else:
                    self.record_applied(step, answer)
        finally:
            for step in claimed:
                self.context.reconcile_cache.release(step.reference.identity)

    def claim(self, step: Apply) -> bool:
        identity = step.reference.identity
        if self.context.reconcile_cache.claim(identity, uid_of(self.instance)):
            return True
        self.errors[identity] = f"{step.reference.display_name} is being created by another instance."
        return False

    def record_error(self, step: Apply, error: KubeError) -> None:
        self.errors[step.reference.identity] = explain(step, error, quotes=self.may_quote(step))
        self.is_refused |= isinstance(error, ApiError) and error.is_refusal
        self.at_least = max(self.at_least, getattr(error, "retry_after", None) or 0.0)

    def may_quote(self, step: Apply) -> bool:
        """Whether an error may be shown that can quote values of the object: none of them is of a Secret."""
        flows = (entry.what == "secret-flow" for entry in self.definition.reach.of_node(step.node))
        return not any(flows) and (step.reference.group, step.reference.kind) != ("", "Secret")

    def record_applied(self, step: Apply, live: dict[str, Any]) -> None:
        live["apiVersion"], live["kind"] = step.reference.api_version, step.reference.kind
        if not self.context.informers.store_write(live):
            self.losses.deleted(uid_of(self.instance), step.reference.identity)
            self.doubt(step.reference)
            self.errors.setdefault(
                step.reference.identity, f"{step.reference.display_name} was deleted while it was applied."
            )
            return
        is_changed = step.why != "update" or self.observer.version(step.reference.identity) != version_of(
            live
        )
        self.observer.record_applied(live)
        self.context.follow_hosts(uid_of(self.instance), live)
        self.context.reconcile_cache.last_applied[uid_of(live)] = last_applied(step.body, live)
        if step.why == "repair" or (step.why == "update" and is_changed):
            self.repairs.repaired(uid_of(self.instance), step.reference.identity, step.differences, step.by)
        if is_changed:
            self.records.append(applied_record(step, live, self.previous.resources))

    def observe_repairs(self, graph: Graph, remaining: Plan) -> None:
        """Which fields are changed again and wait for their repair, and which have kept their value."""
        drift: dict[Identity, set[tuple[Label, ...]]] = {
            step.reference.identity: {one.labels for one in step.differences} for step in remaining.applies
        }
        for child in graph.desired:
            identity = child.reference.identity
            self.repairs.observed(uid_of(self.instance), identity, child.body, drift.get(identity, set()))

    def remember_unchanged(self, observation: Observation, graph: Graph, remaining: Plan) -> None:
        """Objects that need nothing are as they were applied, also after a restart."""
        due = {step.reference.identity for step in remaining.applies}
        known = self.context.reconcile_cache.last_applied
        for child in graph.desired:
            live = observation.found.get(child.reference.identity)
            if live is None or child.reference.identity in due or uid_of(live) in known:
                continue
            known[uid_of(live)] = last_applied(child.body, live)

    async def record(self, inventory: Inventory) -> None:
        contract = self.compiled.published.name
        self.instance = await record_inventory(self.client, self.instance, contract, inventory)
        self.observer.instance = self.instance

    async def report(self, observation: Observation, graph: Graph, remaining: Plan) -> Result:
        for child in graph.desired:
            self.doubt(child.reference)
        for step in remaining.refusals:
            self.errors[step.reference.identity] = step.reason
            self.is_refused = True
            self.records.append(refused_record(step, self.instance))
        self.records += withheld_records(self.instance, graph)
        uid = uid_of(self.instance)
        identities = [child.reference.identity for child in graph.desired]
        repairs = {identity: self.repairs.of(uid, identity) for identity in identities}
        hosts = {identity: self.context.host_conflict(uid, identity) for identity in identities}
        outcome = Reconciled(graph, self.errors, repairs=repairs, host_conflicts=hosts)
        self.records += conflict_records(outcome)
        result = await self.finish(observation, outcome)
        is_unreadable = bool(observation.missing_kinds or observation.refused_reads)
        return replace(
            result,
            requeue_after=self.repairs.next_look(uid),
            failed=bool(self.errors or is_unreadable or self.is_incomplete),
            at_least=max(self.at_least, RETRY_REFUSED if self.is_refused else 0.0),
            external_refs=self.observer.external_refs,
        )
