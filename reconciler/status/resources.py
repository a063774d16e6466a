"""The status of every resource of an instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.compiler import Definition
from contracts.runtime.claimed_hosts import Claim, claims_of
from contracts.runtime.withholding import unnamed_nodes
from reconciler.objects.accessors import (
    Identity,
    Manifest,
    Reference,
    condition_of,
    labels_of,
    metadata_of,
    reference_to,
    uid_of,
    version_of,
)
from reconciler.objects.health import Health, health_of
from reconciler.objects.names import NODE, label_value
from reconciler.plan import Child, Observation
from reconciler.plan.adoption import is_ours
from reconciler.plan.finished import COLLECTED, Finished, finished
from reconciler.plan.repairs import Repairs
from reconciler.status.baseline import ReadyBaseline, compare_with_baseline
from reconciler.status.conflicts import Conflict, conflicts_of
from reconciler.status.outcome import Reconciled


@dataclass(frozen=True, slots=True)
class KnownResource:
    """What earlier passes know of a resource. ``uid`` is empty while it does not exist.

    ``repairs``: of its fields that others change. ``finished``: how it finished, if it runs only once.
    """

    uid: str = ""
    baseline: ReadyBaseline | None = None
    repairs: Repairs = ()
    finished: Finished | None = None


NOT_KNOWN = KnownResource()


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """One resource: a live object, or one that is still to be created (``uid`` is empty)."""

    node: str
    index: int
    reference: Reference
    health: Health
    uid: str = ""
    version: str = ""
    created: str = ""
    deleting: str = ""
    baseline: ReadyBaseline | None = None
    repairs: Repairs = ()
    conflicts: tuple[Conflict, ...] = ()
    claims: tuple[Claim, ...] = ()
    finished: Finished | None = None

    @property
    def is_underway(self) -> bool:
        """Whether it is on its way to what is desired: a rollout, a scaling, a first start."""
        return bool(self.uid) and self.health.state in ("progressing", "waiting")


Known = Mapping[Identity, KnownResource]


def unnamed_labels(definition: Definition | None) -> frozenset[str]:
    """Labels of the nodes whose objects have a name from a Secret that is not granted."""
    return frozenset(map(label_value, unnamed_nodes(definition))) if definition is not None else frozenset()


def named_members(observation: Observation, definition: Definition | None) -> list[Manifest]:
    """The members whose names may be shown."""
    hidden = unnamed_labels(definition)
    return [member for member in observation.members if labels_of(member).get(NODE, "") not in hidden]


def resource_statuses(
    observation: Observation, outcome: Reconciled, known: Known
) -> tuple[ResourceStatus, ...]:
    """Every desired object, whether it exists or not, then every member that is no longer desired."""
    graph = outcome.graph
    desired = {child.reference.identity for child in graph.desired}
    return (
        *(desired_status(observation, child, outcome, known) for child in graph.desired),
        *(
            member_status(observation, member, known)
            for member in named_members(observation, graph.definition)
            if reference_to(member).identity not in desired
        ),
    )


def desired_status(
    observation: Observation, child: Child, outcome: Reconciled, known: Known
) -> ResourceStatus:
    identity = child.reference.identity
    live, error = observation.found.get(identity), outcome.errors.get(identity, "")
    earlier = known.get(identity, NOT_KNOWN)
    baseline = earlier.baseline
    if identity in observation.collected:
        ended = observation.collected[identity]
        health = health_of(ended.as_object(child.body))
        health = replace(health, message=f"{health.message} {COLLECTED}".strip())
        status = ResourceStatus(child.node, child.index, child.reference, health, finished=ended)
        return status if live is None else live_status(live, status)
    if live is None or (error and not is_ours(observation.instance, live)):
        health = Health("failed", message=error) if error else Health("waiting", message="Not created yet.")
        return ResourceStatus(child.node, child.index, child.reference, health, baseline=baseline)
    health, baseline = compare_with_baseline(live, observed_health(observation, live), baseline)
    conflicts = conflicts_of(outcome, child.reference)
    if error:
        health = Health("failed", health.fact, error)
    elif conflicts and health.state not in ("failed", "deleting"):
        health = Health("degraded", health.fact, " ".join(conflict.message for conflict in conflicts))
    status = ResourceStatus(child.node, child.index, child.reference, health, baseline=baseline)
    return live_status(
        live,
        replace(
            status,
            repairs=outcome.repairs.get(identity, ()),
            conflicts=conflicts,
            claims=tuple(sorted(set(claims_of(live, child.reference.namespace)))),
            finished=earlier.finished if error else finished(child.body, live, earlier.finished),
        ),
    )


def member_status(observation: Observation, member: Manifest, known: Known) -> ResourceStatus:
    reference = reference_to(member)
    baseline = known.get(reference.identity, NOT_KNOWN).baseline
    health = observed_health(observation, member)
    node = labels_of(member).get(NODE, "")
    return live_status(member, ResourceStatus(node, 0, reference, health, baseline=baseline))


def live_status(live: Manifest, status: ResourceStatus) -> ResourceStatus:
    """The status with the metadata of the live object."""
    metadata = metadata_of(live)
    return replace(
        status,
        uid=uid_of(live),
        version=version_of(live),
        created=str(metadata.get("creationTimestamp") or ""),
        deleting=str(metadata.get("deletionTimestamp") or ""),
    )


def observed_health(observation: Observation, live: Manifest) -> Health:
    """The health of a live object with the deepest known reason: that of its worst pod.

    An instance inside an instance is not ready before its reconciler has set its ``Ready`` condition.
    """
    health = health_of(live)
    if health.state in ("progressing", "waiting", "failed") and uid_of(live) in observation.pod_health:
        pod = observation.pod_health[uid_of(live)]
        return Health(pod.state, health.fact, pod.message)
    unreported = health.state == "ready" and condition_of(live, "Ready") is None
    if unreported and reference_to(live).group_kind in observation.contract_kinds:
        return Health("progressing", "", "Not reconciled yet.")
    return health
