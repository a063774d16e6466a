"""Objects that a draft would create although another instance has them already.

The reconciler refuses to touch such an object; who fills in the form learns it before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.models import Destination, Instance, InstanceResource
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class Claim:
    kind: str
    name: str
    owner: Instance | None  # None: this person may not see whose it is


Place = tuple[str, str, str]  # group, kind, name


def claims(
    manifests: Iterable[Mapping[str, Any]],
    *,
    namespace: str,
    destination: Destination,
    by: User,
    instance: Instance | None,
) -> list[Claim]:
    """What of ``manifests``, of a draft in ``namespace``, belongs to others. ``instance``: what is edited."""
    wanted = {place_of(manifest): namespace_of(manifest, namespace) for manifest in manifests}
    rows = InstanceResource.objects.filter(
        name__in={name for _, _, name in wanted}, instance__destination=destination
    ).exclude(instance=instance)
    seen = rows.only("instance_id", "api_version", "kind", "namespace", "name").order_by("kind", "name")
    taken = [row for row in seen if is_wanted(row, wanted)]
    owners = Instance.objects.visible_to(by).in_bulk({row.instance_id for row in taken})
    return [Claim(row.kind, row.name, owners.get(row.instance_id)) for row in taken]


def is_wanted(row: InstanceResource, wanted: Mapping[Place, str]) -> bool:
    place = (group_of(row.api_version), row.kind, row.name)
    return place in wanted and row.namespace in ("", wanted[place])


def place_of(manifest: Mapping[str, Any]) -> Place:
    metadata = manifest.get("metadata") or {}
    return group_of(manifest.get("apiVersion")), str(manifest.get("kind", "")), str(metadata.get("name", ""))


def namespace_of(manifest: Mapping[str, Any], default: str) -> str:
    """Where it would be if its kind has namespaces; the rows know whether it does."""
    return str((manifest.get("metadata") or {}).get("namespace") or default)


def group_of(api_version: Any) -> str:
    return str(api_version or "").rpartition("/")[0]
