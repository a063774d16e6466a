"""The resources of an instance → rows, and what the rows know of instances → the reconciler's cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from django.utils import timezone

from catalog.models import Action, Change, Instance, InstanceResource
from reconciler.objects.accessors import Identity, Reference
from reconciler.objects.health import State
from reconciler.plan.finished import Finished
from reconciler.plan.repairs import repairs_from
from reconciler.projection.events import moment
from reconciler.status.assess import Previous
from reconciler.status.baseline import ReadyBaseline
from reconciler.status.resources import KnownResource, ResourceStatus

Name = tuple[str, str, str, str, str]


def project_resources(row: Instance, resources: Iterable[ResourceStatus]) -> bool:
    """Make the rows equal to the resources; True when that changed any."""
    known: dict[Name, InstanceResource] = {
        (one.node, one.api_version, one.kind, one.namespace, one.name): one for one in row.resources.all()
    }
    fresh: list[InstanceResource] = []
    changed: list[InstanceResource] = []
    for resource in resources:
        reference = resource.reference
        name = (resource.node, reference.api_version, reference.kind, reference.namespace, reference.name)
        old = known.pop(name, None)
        target = old or InstanceResource(
            instance=row, node=name[0], api_version=name[1], kind=name[2], namespace=name[3], name=name[4]
        )
        if copy_resource(target, resource) or old is None:
            (changed if old is not None else fresh).append(target)
    if fresh:
        InstanceResource.objects.bulk_create(fresh)
    if changed:
        InstanceResource.objects.bulk_update(changed, [*RESOURCE_FIELDS, "updated_at"])
    if known:
        InstanceResource.objects.filter(pk__in=[one.pk for one in known.values()]).delete()
    return bool(fresh or changed or known)


RESOURCE_FIELDS = [
    "index",
    "uid",
    "resource_version",
    "state",
    "fact",
    "message",
    "ready_baseline",
    "repairs",
    "claims",
    "finished",
    "created_at",
    "deletion_requested_at",
]


def copy_resource(target: InstanceResource, resource: ResourceStatus) -> bool:
    values = {
        "index": resource.index,
        "uid": resource.uid,
        "resource_version": resource.version,
        "state": resource.health.state,
        "fact": resource.health.fact[:40],
        "message": resource.health.message,
        "ready_baseline": resource.baseline.as_dict() if resource.baseline else None,
        "claims": [list(claim) for claim in resource.claims],
        "repairs": [one.as_dict() for one in resource.repairs],
        "finished": resource.finished.as_dict() if resource.finished else None,
        "created_at": moment(resource.created),
        "deletion_requested_at": moment(resource.deleting),
    }
    changed = any(getattr(target, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(target, name, value)
    target.updated_at = timezone.now()
    return changed


def load_previous(destination: int) -> dict[str, Previous]:
    """What the rows know of each instance, by its uid. For the database thread."""
    resources = load_known_resources(destination)
    instances = Instance.objects.filter(destination_id=destination).exclude(uid="")
    deleting = set(
        Change.objects.open()
        .filter(action=Action.DELETE, instance__destination_id=destination)
        .values_list("instance_id", "uid")
    )
    return {
        row.uid: Previous(
            state=cast(State, row.state),
            was_ready=row.was_ready,
            generation=row.observed_generation,
            resources=resources.get(row.pk, {}),
            deletion_requested=(row.pk, row.uid) in deleting,
        )
        for row in instances.only("uid", "state", "was_ready", "observed_generation")
    }


def load_known_resources(destination: int) -> dict[int, dict[Identity, KnownResource]]:
    rows = InstanceResource.objects.filter(instance__destination_id=destination)
    found: dict[int, dict[Identity, KnownResource]] = {}
    for instance, uid, baseline, repairs, ended, *reference in rows.values_list(
        "instance_id",
        "uid",
        "ready_baseline",
        "repairs",
        "finished",
        "api_version",
        "kind",
        "namespace",
        "name",
    ):
        known = KnownResource(
            uid,
            ReadyBaseline(**baseline) if baseline else None,
            repairs_from(repairs),
            Finished(**ended) if ended else None,
        )
        found.setdefault(instance, {})[Reference(*reference).identity] = known
    return found
