"""Which objects of instances claim which hosts."""

from __future__ import annotations

from reconciler.objects.accessors import Identity, Manifest, reference_to
from reconciler.plan.hosts import Claimant, claimant_of


class HostIndex:
    """Follows the Ingresses and HTTPRoutes of all instances. Holds nothing of other kinds."""

    def __init__(self) -> None:
        self._claimants: dict[Identity, Claimant] = {}
        self._by_host: dict[tuple[str, str], set[Identity]] = {}

    def follow(self, instance: str, obj: Manifest, *, deleted: bool = False) -> set[str]:
        """Take an object of an instance. Returns other instances whose conflicts may have changed, by uid."""
        identity = reference_to(obj).identity
        old, new = self._claimants.pop(identity, None), claimant_of(instance, obj)
        if old is not None:
            self._remove(old)
        if not deleted and new.claims:
            self._claimants[identity] = new
            for claim in new.claims:
                self._by_host.setdefault(claim[:2], set()).add(identity)
        if old is not None and not deleted and (old.claims, old.age) == (new.claims, new.age):
            return set()
        others = self._sharing(old) | self._sharing(new)
        return {other.instance for other in others if other.instance != instance}

    def earlier(self, identity: Identity) -> list[tuple[str, Claimant]]:
        """(host, claimant) of each host of the object that another instance claimed earlier."""
        own = self._claimants.get(identity)
        if own is None:
            return []
        others = sorted(self._sharing(own), key=lambda other: other.age)
        return [(host, other) for other in others for host in own.taken_by(other)]

    def _sharing(self, claimant: Claimant | None) -> set[Claimant]:
        claims = claimant.claims if claimant is not None else ()
        identities = {identity for claim in claims for identity in self._by_host.get(claim[:2], ())}
        return {self._claimants[identity] for identity in identities}

    def _remove(self, claimant: Claimant) -> None:
        for claim in claimant.claims:
            holders = self._by_host.get(claim[:2], set())
            holders.discard(claimant.identity)
            if not holders:
                self._by_host.pop(claim[:2], None)
