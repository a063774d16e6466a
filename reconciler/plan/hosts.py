"""Hosts that Ingresses and HTTPRoutes claim, and which of two claims is the later one.

A gateway or an ingress controller serves a host and path once: the older object wins, and the other has no
effect although it looks sound. Paths of one host may be divided among objects of one namespace; a claim from
another namespace is a conflict whatever its path is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler.objects.accessors import (
    Identity,
    Manifest,
    annotations_of,
    metadata_of,
    namespace_of,
    reference_to,
)

INGRESS_CLASS = "kubernetes.io/ingress.class"


class Claim(NamedTuple):
    """``server``: what serves the host, such as an ingress class or a gateway."""

    server: str
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Claimant:
    """An object that claims hosts. ``instance``: uid of the instance that it belongs to.

    ``age`` orders claimants as Gateway API does: by their creation, in one second by namespace and name.
    """

    instance: str
    identity: Identity
    namespace: str
    age: tuple[str, str]
    claims: frozenset[Claim]

    def taken_by(self, other: Claimant) -> list[str]:
        """The hosts of this one that another instance claimed earlier."""
        if other.instance == self.instance or other.age >= self.age:
            return []
        if other.namespace == self.namespace:
            return sorted({claim.host for claim in self.claims & other.claims})
        theirs = {claim[:2] for claim in other.claims}
        return sorted({claim.host for claim in self.claims if claim[:2] in theirs})


def claimant_of(instance: str, obj: Manifest) -> Claimant:
    reference = reference_to(obj)
    name = f"{reference.namespace}/{reference.name}"
    age = (str(metadata_of(obj).get("creationTimestamp") or ""), name)
    return Claimant(instance, reference.identity, reference.namespace, age, frozenset(claims_of(obj)))


def claims_of(obj: Manifest) -> Iterator[Claim]:
    reference = reference_to(obj)
    spec = obj.get("spec") or {}
    match reference.group_kind:
        case "Ingress.networking.k8s.io":
            server = spec.get("ingressClassName") or annotations_of(obj).get(INGRESS_CLASS, "")
            for rule in spec.get("rules") or ():
                paths = [path.get("path") for path in (rule.get("http") or {}).get("paths") or ()]
                yield from _claims(str(server), [rule.get("host")], paths)
        case "HTTPRoute.gateway.networking.k8s.io":
            matches = [match for rule in spec.get("rules") or () for match in rule.get("matches") or ()]
            paths = [(match.get("path") or {}).get("value") for match in matches]
            for parent in spec.get("parentRefs") or ():
                server = f"{parent.get('namespace') or namespace_of(obj)}/{parent.get('name')}"
                yield from _claims(server, spec.get("hostnames") or (), paths)


def _claims(server: str, hosts: Any, paths: list[Any]) -> Iterator[Claim]:
    for host in hosts:
        for path in paths or ["/"]:
            if host:
                yield Claim(server, str(host).lower(), str(path or "/"))
