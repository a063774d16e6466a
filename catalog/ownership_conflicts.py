"""Objects that a draft would create but that another instance or team owns already.

The reconciler never takes over such an object, so the form warns before the submission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.models import Destination, Instance, InstanceResource
from contracts.documents.api_versions import group_of
from portal.accounts.models import TeamNamespace, User


@dataclass(frozen=True, slots=True)
class OwnershipConflict:
    kind: str
    name: str
    owner: Instance | None  # None: the user may not see the owner
    is_namespace_of_team: bool = False  # the name is that of a namespace of another team


ObjectKey = tuple[str, str, str]  # group, kind, name


def ownership_conflicts(
    manifests: Iterable[Mapping[str, Any]],
    *,
    namespace: str,
    destination: Destination,
    by: User,
    instance: Instance | None,
) -> list[OwnershipConflict]:
    """Which ``manifests`` of a draft in ``namespace`` others own. ``instance`` is the one that is edited."""
    desired = {object_key(manifest): namespace_of(manifest, namespace) for manifest in manifests}
    rows = InstanceResource.objects.filter(
        name__in={name for _, _, name in desired}, instance__destination=destination
    ).exclude(instance=instance)
    seen = rows.only("instance_id", "api_version", "kind", "namespace", "name").order_by("kind", "name")
    taken = [row for row in seen if is_desired(row, desired)]
    owners = Instance.objects.visible_to(by).in_bulk({row.instance_id for row in taken})
    owned = [OwnershipConflict(row.kind, row.name, owners.get(row.instance_id)) for row in taken]
    return owned or namespaces_of_other_teams(desired, namespace)


def namespaces_of_other_teams(desired: Iterable[ObjectKey], namespace: str) -> list[OwnershipConflict]:
    """Desired Namespaces with the name of one that another team owns."""
    names = [name for group, kind, name in desired if (group, kind) == ("", "Namespace")]
    if not names:
        return []
    taken = TeamNamespace.objects.filter(name__in=names).exclude(team__namespaces__name=namespace)
    return [OwnershipConflict("Namespace", row.name, None, is_namespace_of_team=True) for row in taken]


def is_desired(row: InstanceResource, desired: Mapping[ObjectKey, str]) -> bool:
    key = (group_of(row.api_version), row.kind, row.name)
    return key in desired and row.namespace in ("", desired[key])


def object_key(manifest: Mapping[str, Any]) -> ObjectKey:
    metadata = manifest.get("metadata") or {}
    return (
        group_of(str(manifest.get("apiVersion", ""))),
        str(manifest.get("kind", "")),
        str(metadata.get("name", "")),
    )


def namespace_of(manifest: Mapping[str, Any], default: str) -> str:
    """The namespace if the kind is namespaced; the rows tell whether it is."""
    return str((manifest.get("metadata") or {}).get("namespace") or default)
