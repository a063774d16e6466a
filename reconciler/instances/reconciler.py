"""One pass over one instance: observe, act, assess, report.

What every kind of pass shares, and the passes that do nothing but report.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.cache.contracts import CompiledContract
from reconciler.cache.informers import WatchKey
from reconciler.context import ClusterContext
from reconciler.instances.events import status_records, timestamp
from reconciler.kube import ApiError, KubeError, Resource
from reconciler.objects.accessors import Manifest, annotations_of, uid_of
from reconciler.objects.names import KRO_SUSPEND, STATUS_MANAGER, SUSPEND, SUSPEND_VALUES
from reconciler.plan import Bounds, Observation
from reconciler.plan.inventory import foreign_tool
from reconciler.status.assess import Assessment, Previous, assess
from reconciler.status.outcome import Failed, ManagedElsewhere, MissingRight, NotCompiled, Outcome, Suspended
from reconciler.status.report import report, status_manifest
from reconciler.status.snapshot import EventRecord, Key, Snapshot, WrittenStatus

log = logging.getLogger("slipway.reconciler")


@dataclass(frozen=True, slots=True)
class Result:
    """``failed``: requeue with back-off, after at least so many seconds."""

    snapshot: Snapshot
    requeue_after: float | None = None
    failed: bool = False
    at_least: float = 0.0
    external_refs: set[WatchKey] = field(default_factory=set)
    members: Sequence[Manifest] = ()


class InstanceReconciler(ABC):
    """A pass never waits for something to happen; events bring the next one."""

    def __init__(
        self, context: ClusterContext, compiled: CompiledContract, key: Key, instance: Manifest
    ) -> None:
        self.context, self.client = context, context.client
        self.compiled, self.key, self.instance = compiled, key, instance
        self.records: list[EventRecord] = []

    @property
    def bounds(self) -> Bounds:
        """What the instance may touch."""
        return Bounds(self.context.teams, self.compiled.granted, self.compiled.adopt)

    @property
    def previous(self) -> Previous:
        return self.context.reconcile_cache.previous(uid_of(self.instance))

    @abstractmethod
    async def run(self) -> Result:
        """Raises ``KubeError`` when the cluster cannot be asked; nothing is lost by that."""

    def failure_snapshot(self, message: str) -> Snapshot:
        """The pass could not be completed."""
        return self.snapshot(assess(self.previous, Observation(self.instance), Failed(message)))

    async def missing_right_snapshot(self, message: str) -> Snapshot:
        """The pass could not be completed, because a right is missing. Says so on the object too."""
        try:
            result = await self.finish(Observation(self.instance), MissingRight(message))
        except KubeError:  # the status cannot be written either
            return self.snapshot(assess(self.previous, Observation(self.instance), MissingRight(message)))
        return result.snapshot

    async def finish(self, observation: Observation, outcome: Outcome) -> Result:
        """Assess, write the status, and report to the rows."""
        found = report(self.previous, observation, outcome, self.compiled.definition, timestamp())
        self.records += status_records(self.instance, found.problems)
        await self.write_status(found.status)
        written = WrittenStatus(found.fields, found.conditions)
        return Result(self.snapshot(found.assessment, written), members=observation.members)

    def snapshot(self, assessment: Assessment, written: WrittenStatus | None = None) -> Snapshot:
        return Snapshot(
            key=self.key,
            contract=self.compiled.published.contract,
            revision=self.compiled.published.revision,
            instance=self.instance,
            assessment=assessment,
            written=written,
            records=tuple(self.records),
            shown_secrets=self.compiled.shown_secrets,
        )

    async def write_status(self, status: Mapping[str, Any]) -> None:
        if (self.instance.get("status") or {}) == status:
            return
        resource = await self.resource()
        try:
            body = status_manifest(self.instance, status)
            answer = await self.client.apply(resource, body, manager=STATUS_MANAGER, subresource="status")
        except ApiError as error:
            if error.not_found or error.conflict:
                return  # it was deleted meanwhile; the watch reports it
            if not error.is_refusal:
                raise
            message = error.without_values if self.compiled.shown_secrets else error.message
            log.warning("%s: the status was refused: %s", self.key.display_name, message)
            return
        self.instance = {**answer, "apiVersion": self.instance["apiVersion"], "kind": self.instance["kind"]}

    async def resource(self) -> Resource:
        return await self.client.kinds.find(self.instance["apiVersion"], self.instance["kind"])


class StatusOnlyReconciler(InstanceReconciler):
    """Reports why nothing is applied. What is known of the resources remains, because they still exist."""

    async def run(self) -> Result:
        return await self.finish(Observation(self.instance), self.outcome())

    def outcome(self) -> Outcome:
        if is_suspended(self.instance):
            return Suspended()
        tool = foreign_tool(self.instance)
        if tool:
            return ManagedElsewhere(f"{tool} already manages this object. Remove it there first.")
        return NotCompiled(f"The contract does not compile: {self.compiled.problem}")


class ForeignKindReconciler(InstanceReconciler):
    """Another tool replaced the definition of the kind: nothing is written, not even a status."""

    async def run(self) -> Result:
        outcome = ManagedElsewhere(self.context.foreign_kinds.get(self.key.group_kind, ""))
        return Result(self.snapshot(assess(self.previous, Observation(self.instance), outcome)))


def must_not_apply(instance: Manifest) -> bool:
    return is_suspended(instance) or bool(foreign_tool(instance))


def is_suspended(instance: Manifest) -> bool:
    annotations = annotations_of(instance)
    return any(annotations.get(name, "").lower() in SUSPEND_VALUES for name in (SUSPEND, KRO_SUSPEND))
