"""Discovery documents: aggregated, as kubectl reads them, and unaggregated per group and version."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from devcluster.kinds.kinds import Kind, Kinds, Subresource

Manifest = dict[str, Any]

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def aggregated(kinds: Kinds, core: bool) -> Manifest:
    """/api (`core`) or /apis in one document."""
    items = []
    for group, versions in kinds.group_versions().items():
        if (group == "") != core:
            continue
        metadata = {"name": group} if group else {}
        shown = [_aggregated_version(kinds, group, version) for version in versions]
        items.append({"metadata": metadata, "versions": shown})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def _aggregated_version(kinds: Kinds, group: str, version: str) -> Manifest:
    resources = [_aggregated_resource(kind) for kind in kinds.resources(group, version)]
    return {"version": version, "resources": resources, "freshness": "Current"}


def _aggregated_resource(kind: Kind) -> Manifest:
    shown: Manifest = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind, kind.group, kind.version, kind.kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        shown["shortNames"] = list(kind.short_names)
    if kind.categories:
        shown["categories"] = list(kind.categories)
    if kind.subresources:
        shown["subresources"] = [_aggregated_subresource(kind, one) for one in kind.subresources.values()]
    return shown


def _response_kind(kind: Kind, group: str, version: str, name: str) -> Manifest:
    """For built-in kinds, group and version are empty if they are those of the resource."""
    if kind.custom is None and (group, version) == (kind.group, kind.version):
        group = version = ""
    return {"group": group, "version": version, "kind": name}


def _aggregated_subresource(kind: Kind, sub: Subresource) -> Manifest:
    group, version, name = sub.gvk(kind)
    return {
        "subresource": sub.name,
        "responseKind": _response_kind(kind, group, version, name),
        "verbs": list(sub.verbs),
    }


# ---- unaggregated discovery


def core_versions(address: str) -> Manifest:
    servers = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": servers}


def groups(kinds: Kinds) -> Manifest:
    found = [_group(group, versions) for group, versions in kinds.group_versions().items() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group(kinds: Kinds, name: str) -> Manifest | None:
    versions = kinds.group_versions().get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions and name else None


def _group(name: str, versions: list[str]) -> Manifest:
    shown = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": shown, "preferredVersion": shown[0]}


def resources(kinds: Kinds, group_name: str, version: str) -> Manifest | None:
    found = kinds.resources(group_name, version)
    if not found:
        return None
    group_version = f"{group_name}/{version}" if group_name else version
    shown = [entry for kind in found for entry in _unaggregated(kind)]
    head: Manifest = {"kind": "APIResourceList", "groupVersion": group_version, "resources": shown}
    return head if group_name == "" else {"kind": "APIResourceList", "apiVersion": "v1"} | head


def _unaggregated(kind: Kind) -> list[Manifest]:
    entry: Manifest = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    if "get" in kind.verbs and "list" in kind.verbs and "create" in kind.verbs:
        entry["storageVersionHash"] = storage_hash(kind)
    return [entry, *(_unaggregated_subresource(kind, sub) for sub in kind.subresources.values())]


def _unaggregated_subresource(kind: Kind, sub: Subresource) -> Manifest:
    group_name, version, name = sub.gvk(kind)
    entry: Manifest = {"name": f"{kind.plural}/{sub.name}", "singularName": "", "namespaced": kind.namespaced}
    if (group_name, version) != (kind.group, kind.version):
        entry |= {"group": group_name, "version": version}
    return entry | {"kind": name, "verbs": list(sub.verbs)}


def storage_hash(kind: Kind) -> str:
    """A hash of the version that objects are stored in."""
    version = kind.storage_version or kind.version
    text = f"{kind.group}/{version}/{kind.kind}"
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()
