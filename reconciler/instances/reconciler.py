"""One pass: given the name of an instance, look at everything, make it so, and say what came of it.

What every pass says, on the object and for the rows, and the passes that do nothing else.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.runtime import render
from reconciler.cache.informers import WatchKey
from reconciler.instances.events import status_records, timestamp
from reconciler.instances.observe import Observation
from reconciler.kinds.compiled import CompiledContract
from reconciler.kube import ApiError, Client, Resource
from reconciler.objects.accessors import Manifest, annotations_of
from reconciler.objects.names import KRO_SUSPEND, STATUS_MANAGER, SUSPEND, SUSPEND_VALUES
from reconciler.plan.inventory import foreign_tool
from reconciler.status.conditions import Outcome, built_in, status_apply, status_body
from reconciler.status.snapshot import EventRecord, Key, Snapshot
from reconciler.status.summary import Summary

log = logging.getLogger("slipway.engine")


@dataclass(slots=True)
class Result:
    snapshot: Snapshot
    requeue_after: float | None = None
    failed: bool = False  # come back with back-off
    at_least: float = 0.0
    external_refs: set[WatchKey] = field(default_factory=set)
    members: list[Manifest] = field(default_factory=list)


class InstanceReconciler(ABC):
    """The work on one instance. It never waits inside for something to happen; events bring the next one."""

    def __init__(self, client: Client, compiled: CompiledContract, key: Key, instance: Manifest) -> None:
        self.client, self.compiled, self.key, self.instance = client, compiled, key, instance
        self.records: list[EventRecord] = []

    @abstractmethod
    async def run(self) -> Result:
        """Raises ``KubeError`` when the cluster cannot be asked; nothing is lost by that."""

    def failure_snapshot(self, text: str) -> Snapshot:
        """The pass could not be finished; what the row says of its resources stays."""
        published = self.compiled.published
        summary = Summary("unknown", "ReconcileFailed", text)
        return Snapshot(self.key, published.contract, published.revision, self.instance, summary=summary,
                        records=tuple(self.records), partial=True)  # fmt: skip

    async def finish(
        self,
        outcome: Outcome,
        observation: Observation | None,
        summary: Summary | None,
        *,
        failed: bool = False,
        at_least: float = 0.0,
        requeue_after: float | None = None,
        partial: bool = False,
    ) -> Result:
        now = timestamp()
        conditions = built_in(self.instance, outcome, now)
        rendering = observation.rendering if observation else None
        if observation is not None and observation.definition.conditions:
            rendering = render(
                observation.definition, self.instance, observation.observed, own_conditions=conditions
            )  # the author's conditions may read these
        if rendering is not None:
            self.records += status_records(self.instance, rendering.problems)
        status = status_body(self.instance, rendering, outcome, conditions, now, self.compiled.definition)
        await self.write_status(status)
        snapshot = Snapshot(
            key=self.key,
            contract=self.compiled.published.contract,
            revision=self.compiled.published.revision,
            instance=self.instance,
            status={key: value for key, value in status.items() if key not in ("state", "conditions")},
            conditions=tuple(self.shown_conditions(status, conditions)),
            summary=summary,
            suspended=outcome.suspended,
            records=tuple(self.records),
            partial=partial,
        )
        return Result(
            snapshot,
            requeue_after,
            failed,
            at_least,
            observation.external_refs if observation else set(),
            observation.members if observation else [],
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
            log.warning("%s: the status was refused: %s", self.key.display_name, error.message)
            return
        self.instance = {**answer, "apiVersion": self.instance["apiVersion"], "kind": self.instance["kind"]}

    async def resource(self) -> Resource:
        return await self.client.kinds.find(self.instance["apiVersion"], self.instance["kind"])


class SuspendedReconciler(InstanceReconciler):
    """Nothing may be done to the instance, or its contract cannot be read. What it made before is not looked
    at, so what the row says of its resources stays: they are still there, and go when it is deleted.
    """

    async def run(self) -> Result:
        if is_suspended(self.instance):
            return await self.stay_suspended()
        other = foreign_tool(self.instance)
        if other:
            return await self.give_up(
                managed=f"{other} already looks after this object. Remove it there first."
            )
        return await self.give_up(resolved=f"The contract does not compile: {self.compiled.problem}")

    async def give_up(self, *, managed: str = "", resolved: str = "") -> Result:
        outcome = Outcome(managed=managed, resolved=resolved, failed=True)
        reason = "ManagementFailed" if managed else "ResolutionFailed"
        return await self.finish(outcome, None, Summary("failed", reason, managed or resolved), partial=True)

    async def stay_suspended(self) -> Result:
        text = "Reconciliation is suspended by an annotation on the instance; nothing is applied or repaired."
        outcome = Outcome(not_ready=text, suspended=True)
        return await self.finish(outcome, None, Summary("waiting", "Suspended", text), partial=True)


def must_stand_still(instance: Manifest) -> bool:
    return is_suspended(instance) or bool(foreign_tool(instance))


def is_suspended(instance: Manifest) -> bool:
    annotations = annotations_of(instance)
    return any(annotations.get(name, "").lower() in SUSPEND_VALUES for name in (SUSPEND, KRO_SUSPEND))
