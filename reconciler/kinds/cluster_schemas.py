"""The OpenAPI schemas of a cluster's own kinds → rows, so that contracts are checked without the cluster too.

Kubernetes' built-in kinds are known offline, and a contract's generated kind is known from the contract.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.utils import timezone

from catalog.models import Destination
from contracts.known_kinds import builtin_groups
from contracts.models import KnownSchema
from reconciler.kinds.crd import tool_of
from reconciler.kube import Client, Resource
from reconciler.objects.accessors import Manifest, annotations_of, is_deleting, labels_of, name_of
from reconciler.objects.health import health_of
from reconciler.objects.names import CONTRACT, MANAGED_BY


async def documents(client: Client) -> dict[str, tuple[str, str]]:
    """Group and version → (content hash, address) of every OpenAPI v3 document of the cluster."""
    index = await client.request("GET", "/openapi/v3")
    found = {}
    for path, entry in (index.get("paths") or {}).items():
        group_version = path.removeprefix("apis/").removeprefix("api/")
        address = str(entry.get("serverRelativeURL") or "")
        content = dict(parse_qsl(urlsplit(address).query)).get("hash", "")
        if path.startswith(("api/", "apis/")) and group_version.count("/") <= 1 and content:
            found[group_version] = (content, address)
    return found


Known = Mapping[str, tuple[str, list[dict[str, Any]]]]  # group and version → what its row holds: hash, kinds


@dataclass(frozen=True, slots=True)
class ClusterSchemas:
    """``rows``: what to write. ``served``: every group and version besides the built-in ones.

    ``complete``: discovery lists the kinds of all definitions. It does so some time after a definition is
    established.
    """

    rows: list[dict[str, Any]]
    served: set[str]
    complete: bool


async def changed_schemas(
    client: Client, known: Known, own: Collection[str], definitions: Sequence[Manifest]
) -> ClusterSchemas:
    """``own``: ``Kind.group`` of contracts. ``definitions``: the cluster's CustomResourceDefinitions."""
    served = await documents(client)
    builtin = builtin_groups()
    client.kinds.forget()
    resources = await client.kinds.everything()
    kinds = kinds_by_version(resources, own, owners(definitions))
    desired = {name for name in served if name not in builtin and kinds.get(name)}
    rows = []
    for name in sorted(desired):
        content, address = served[name]
        if known.get(name) == (content, kinds[name]):
            continue
        parts = urlsplit(address)
        document = await client.request("GET", parts.path, query=dict(parse_qsl(parts.query)))
        rows.append(
            {"group_version": name, "content_hash": content, "document": document, "kinds": kinds[name]}
        )
    listed = {(resource.api_version, resource.kind) for resource in resources}
    return ClusterSchemas(rows, desired, established_kinds(definitions) <= listed)


def established_kinds(definitions: Iterable[Manifest]) -> set[tuple[str, str]]:
    """apiVersion and kind of everything that these definitions serve."""
    found = set()
    for definition in definitions:
        if health_of(definition).state == "ready" and not is_deleting(definition):
            spec = definition["spec"]
            served = [one["name"] for one in spec["versions"] if one["served"]]
            found |= {(f"{spec['group']}/{version}", spec["names"]["kind"]) for version in served}
    return found


def owners(definitions: Iterable[Manifest]) -> dict[str, dict[str, str]]:
    """Name of each definition → who installed it: the contract of a Slipway, or a tool."""
    found = {}
    for definition in definitions:
        if labels_of(definition).get(MANAGED_BY) == "slipway":
            contract = annotations_of(definition).get(CONTRACT) or labels_of(definition).get(CONTRACT, "")
            found[name_of(definition)] = {"contract": contract}
        else:
            found[name_of(definition)] = {"owner": tool_of(definition)}
    return found


def kinds_by_version(
    resources: Sequence[Resource], own: Collection[str], owners: Mapping[str, Mapping[str, str]]
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        if resource.group_kind not in own and resource.group:
            kind = {"kind": resource.kind, "plural": resource.plural, "namespaced": resource.namespaced}
            owner = owners.get(f"{resource.plural}.{resource.group}", {})
            found.setdefault(resource.api_version, []).append({**kind, **owner})
    return found


def known_schemas(destination: int) -> Known:
    rows = KnownSchema.objects.filter(destination=Destination.objects.get(pk=destination).slug)
    columns = rows.values_list("group_version", "content_hash", "kinds")
    return {name: (content, kinds) for name, content, kinds in columns}


def save_schemas(destination: int, rows: Sequence[Mapping[str, Any]], desired: set[str]) -> None:
    """Write the new ones; delete those that the cluster no longer serves."""
    slug = Destination.objects.get(pk=destination).slug
    for row in rows:
        KnownSchema.objects.update_or_create(
            destination=slug,
            group_version=row["group_version"],
            defaults={**row, "seen_at": timezone.now()},
        )
    KnownSchema.objects.filter(destination=slug).exclude(group_version__in=desired).delete()
