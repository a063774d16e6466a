"""Hosts that a draft would claim and another instance claims already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.models import Destination, Instance, InstanceResource
from catalog.ownership_conflicts import namespace_of
from contracts.runtime.claimed_hosts import KINDS, Claim, claims_of, shared_hosts
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class ClaimedHost:
    host: str
    owner: Instance | None  # None: the user may not see the owner


def claimed_hosts(
    manifests: Iterable[Mapping[str, Any]],
    *,
    namespace: str,
    destination: Destination,
    by: User,
    instance: Instance | None,
) -> list[ClaimedHost]:
    """Which hosts of the ``manifests`` of a draft others claim. ``instance`` is the one that is edited."""
    ours: dict[str, set[Claim]] = {}
    for manifest in manifests:
        if manifest.get("kind") in KINDS:
            place = namespace_of(manifest, namespace)
            ours.setdefault(place, set()).update(claims_of(manifest, place))
    if not any(ours.values()):
        return []
    rows = InstanceResource.objects.filter(kind__in=KINDS, instance__destination=destination)
    rows = rows.exclude(instance=instance).exclude(claims=[]).order_by("created_at", "namespace", "name")
    found: dict[str, int] = {}
    for owner, place, stored in rows.values_list("instance_id", "namespace", "claims"):
        theirs = frozenset(Claim(*claim) for claim in stored)
        for own_place, claims in ours.items():
            for host in shared_hosts(frozenset(claims), theirs, same_namespace=place == own_place):
                found.setdefault(host, owner)
    owners = Instance.objects.visible_to(by).in_bulk(set(found.values()))
    return [ClaimedHost(host, owners.get(owner)) for host, owner in found.items()]
