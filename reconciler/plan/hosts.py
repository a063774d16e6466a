"""Hosts that Ingresses and HTTPRoutes claim, and which of two claims is the later one.

A gateway or an ingress controller serves a host and path once: the older object wins, and the other has no
effect although it looks sound. Paths of one host may be divided among objects of one namespace; a claim from
another namespace is a conflict whatever its path is.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.runtime.claimed_hosts import Claim, claims_of, shared_hosts
from reconciler.objects.accessors import Identity, Manifest, metadata_of, reference_to


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
        same_namespace = other.namespace == self.namespace
        return shared_hosts(self.claims, other.claims, same_namespace=same_namespace)


def claimant_of(instance: str, obj: Manifest) -> Claimant:
    reference = reference_to(obj)
    name = f"{reference.namespace}/{reference.name}"
    age = (str(metadata_of(obj).get("creationTimestamp") or ""), name)
    return Claimant(
        instance, reference.identity, reference.namespace, age, frozenset(claims_of(obj, reference.namespace))
    )
