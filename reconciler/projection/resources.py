"""An instance's resources → rows; and what the rows remember of when each was whole."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from catalog.models import Instance, InstanceResource
from reconciler.objects.accessors import Reference
from reconciler.projection.events import moment
from reconciler.status.baseline import ReadinessBaseline, ReadyBaseline
from reconciler.status.snapshot import EventRecord
from reconciler.status.summary import ResourceLine

Name = tuple[str, str, str, str, str]


def project_resources(row: Instance, lines: Iterable[ResourceLine], records: list[EventRecord]) -> bool:
    """Make the rows equal to the lines. A first apply of what the rows knew before is told as a return."""
    known: dict[Name, InstanceResource] = {
        (one.node, one.api_version, one.kind, one.namespace, one.name): one for one in row.resources.all()
    }
    fresh: list[InstanceResource] = []
    moved: list[InstanceResource] = []
    for line in lines:
        reference = line.reference
        name = (line.node, reference.api_version, reference.kind, reference.namespace, reference.name)
        old = known.pop(name, None)
        if old is not None and old.uid and line.uid and old.uid != line.uid:
            mark_restored(records, line)
        target = old or InstanceResource(
            instance=row, node=name[0], api_version=name[1], kind=name[2], namespace=name[3], name=name[4]
        )
        if copy_line(target, line) or old is None:
            (moved if old is not None else fresh).append(target)
    if fresh:
        InstanceResource.objects.bulk_create(fresh)
    if moved:
        InstanceResource.objects.bulk_update(moved, [*RESOURCE_FIELDS, "updated_at"])
    if known:
        InstanceResource.objects.filter(pk__in=[one.pk for one in known.values()]).delete()
    return bool(fresh or moved or known)


RESOURCE_FIELDS = [
    "index",
    "uid",
    "resource_version",
    "state",
    "fact",
    "message",
    "ready_baseline",
    "created_at",
    "deletion_requested_at",
]


def copy_line(target: InstanceResource, line: ResourceLine) -> bool:
    values = {
        "index": line.index,
        "uid": line.uid,
        "resource_version": line.version,
        "state": line.health.state,
        "fact": line.health.fact[:40],
        "message": line.health.message,
        "ready_baseline": line.whole.as_dict() if line.whole else None,
        "created_at": moment(line.created),
        "deletion_requested_at": moment(line.deleting),
    }
    changed = any(getattr(target, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(target, name, value)
    target.updated_at = timezone.now()
    return changed


def mark_restored(records: list[EventRecord], line: ResourceLine) -> None:
    """What was created now had been there before: somebody deleted it."""
    for place, record in enumerate(records):
        if record.reason == "Created" and record.resource == line.reference:
            what = line.reference.display_name
            records[place] = EventRecord(
                "Restored",
                f"Created {what} again: it had been deleted.",
                record.uid,
                warning=True,
                node=record.node,
                resource=record.resource,
            )


def load_baselines(destination: int) -> dict[str, ReadinessBaseline]:
    """What the rows know, by the uid of the instance. For the engine's database thread."""
    rows = InstanceResource.objects.filter(instance__destination_id=destination, ready_baseline__isnull=False)
    named = ("api_version", "kind", "namespace", "name")
    found: dict[str, ReadinessBaseline] = {}
    for uid, generation, whole, *names in rows.values_list(
        "instance__uid", "instance__generation", "ready_baseline", *named
    ):
        losses = found.setdefault(uid, ReadinessBaseline(generation))
        losses.whole[Reference(*names).identity] = ReadyBaseline(**whole)
    return found
