"""Hosts that an Ingress or an HTTPRoute claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from contracts.documents.api_versions import group_of

INGRESS_CLASS = "kubernetes.io/ingress.class"
KINDS = ("Ingress", "HTTPRoute")


class Claim(NamedTuple):
    """``server``: what serves the host, such as an ingress class or a gateway."""

    server: str
    host: str
    path: str


def claims_of(manifest: Mapping[str, Any], namespace: str) -> Iterator[Claim]:
    """``namespace``: that of the object. Parts of another type (placeholders of a preview) claim none."""
    spec = _map(manifest.get("spec"))
    match group_of(str(manifest.get("apiVersion"))), manifest.get("kind"):
        case "networking.k8s.io", "Ingress":
            annotations = _map(_map(manifest.get("metadata")).get("annotations"))
            server = spec.get("ingressClassName") or annotations.get(INGRESS_CLASS, "")
            for rule in _maps(spec.get("rules")):
                paths = [path.get("path") for path in _maps(_map(rule.get("http")).get("paths"))]
                yield from _claims(str(server), [rule.get("host")], paths)
        case "gateway.networking.k8s.io", "HTTPRoute":
            matches = [match for rule in _maps(spec.get("rules")) for match in _maps(rule.get("matches"))]
            paths = [_map(match.get("path")).get("value") for match in matches]
            hosts = spec.get("hostnames")
            for parent in _maps(spec.get("parentRefs")):
                server = f"{parent.get('namespace') or namespace}/{parent.get('name')}"
                yield from _claims(server, hosts if isinstance(hosts, list) else [], paths)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _claims(server: str, hosts: list[Any], paths: list[Any]) -> Iterator[Claim]:
    for host in hosts:
        for path in paths or ["/"]:
            if host:
                yield Claim(server, str(host).lower(), str(path or "/"))


def shared_hosts(ours: frozenset[Claim], theirs: frozenset[Claim], *, same_namespace: bool) -> list[str]:
    """Hosts that both claim. Objects of one namespace may divide the paths of a host."""
    if same_namespace:
        return sorted({claim.host for claim in ours & theirs})
    taken = {claim[:2] for claim in theirs}
    return sorted({claim.host for claim in ours if claim[:2] in taken})
