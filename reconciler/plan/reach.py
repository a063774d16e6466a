"""What limits an instance: the rule of reach for its objects, for what it reads, and for its inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.runtime.bounds import Granted, GrantedEntry, Home, violation
from reconciler.objects.accessors import (
    Manifest,
    Reference,
    annotations_of,
    labels_of,
    namespace_of,
    reference_to,
    uid_of,
)
from reconciler.objects.names import INSTANCE, INSTANCE_ID


@dataclass(frozen=True, slots=True)
class Bounds:
    """What limits an instance.

    ``teams``: namespace → the team that owns it. ``granted``: node → its granted entries; None is
    everything. ``adopt``: the contract permits the adoption of unmanaged objects.
    """

    teams: Mapping[str, str] = field(default_factory=dict)
    granted: Mapping[str, Sequence[GrantedEntry]] | None = field(default_factory=dict)
    adopt: bool = False

    def granted_to(self, node: str, *, reads: bool = False) -> Granted:
        if self.granted is None:
            return None
        return [entry for entry in self.granted.get(node, ()) if entry.reads is reads]

    def violation(self, instance: Manifest, node: str, reference: Reference) -> str:
        """Why a node may not write this object; empty when it may."""
        home = Home(namespace_of(instance), self.teams)
        return violation(reference, bool(reference.namespace), home, self.granted_to(node))

    def read_violation(self, instance: Manifest, node: str, reference: Reference, *, namespaced: bool) -> str:
        """Why a node may not read this object; empty when it may. Empty names select several."""
        home = Home(namespace_of(instance), self.teams)
        return violation(reference, namespaced, home, self.granted_to(node, reads=True), reads=True)

    def may_name_owner(self, instance: Manifest, owned: Manifest) -> bool:
        """Whether those who see the instance may see the instance that owns the object, too.

        Only portal roles see an instance without a namespace: they see all.
        """
        home, owner = Home(namespace_of(instance), self.teams), owner_namespace(owned)
        return owner is None or not home.namespace or home.is_of_own_team(owner)

    def may_delete(self, instance: Manifest, member: Manifest) -> bool:
        """Whether a member of the inventory may be deleted with the instance.

        What the instance created may be deleted, also after a grant was revoked. A member that has only the
        id of the ApplySet, which is made of names, must be within reach without any grant.
        """
        if labels_of(member).get(INSTANCE_ID) == uid_of(instance):
            return True
        reference, home = reference_to(member), Home(namespace_of(instance), self.teams)
        return not violation(reference, bool(reference.namespace), home, ())


def owner_namespace(owned: Manifest) -> str | None:
    """The namespace of the instance that owns the object: empty if it has none, None if unknown.

    The annotation is “KIND NAMESPACE/NAME”, or “KIND NAME”.
    """
    if written := annotations_of(owned).get(INSTANCE):
        return written.rpartition(" ")[2].rpartition("/")[0]
    labels = labels_of(owned)
    return labels.get("kro.run/instance-namespace", "") if "kro.run/instance-name" in labels else None
