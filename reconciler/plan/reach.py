"""What an instance may touch: its own namespace, the other namespaces of its team, and what is granted.

The rule holds however the instance came to be. It needs only values, so that it can be read as a table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.compiler.reach import EVERY_NAMESPACE, OWN_NAMESPACE
from contracts.compiler.reaching.objects import RIGHTS_GROUPS
from reconciler.objects.accessors import Manifest, Reference, labels_of, namespace_of, reference_to, uid_of
from reconciler.objects.names import INSTANCE_ID


@dataclass(frozen=True, slots=True)
class GrantedEntry:
    """One granted entry of a contract's reach: objects of a kind.

    ``namespace`` and ``name``: a literal, or the contract's expression; an empty name is every name.
    """

    group: str
    kind: str
    namespace: str = ""
    name: str = ""
    reads: bool = False


Granted = Collection[GrantedEntry] | None  # None: everything


@dataclass(frozen=True, slots=True)
class Home:
    """The namespace of an instance, empty if it is cluster-scoped; ``teams``: namespace → its owner."""

    namespace: str
    teams: Mapping[str, str]

    def is_of_own_team(self, namespace: str) -> bool:
        if not namespace or not self.namespace:
            return False
        team = self.teams.get(self.namespace)
        return namespace == self.namespace or (team is not None and self.teams.get(namespace) == team)

    def is_foreign(self, reference: Reference) -> bool:
        """Whether the object is in a namespace of another team, or is such a namespace itself."""
        is_namespace = (reference.group, reference.kind) == ("", "Namespace")
        owner = self.teams.get(reference.name if is_namespace else reference.namespace)
        return owner is not None and owner != self.teams.get(self.namespace)


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

    def may_delete(self, instance: Manifest, member: Manifest) -> bool:
        """Whether a member of the inventory may be deleted with the instance.

        What the instance created may be deleted, also after a grant was revoked. A member that has only the
        id of the ApplySet, which is made of names, must be within reach without any grant.
        """
        if labels_of(member).get(INSTANCE_ID) == uid_of(instance):
            return True
        reference, home = reference_to(member), Home(namespace_of(instance), self.teams)
        return not violation(reference, bool(reference.namespace), home, ())


def violation(
    reference: Reference, namespaced: bool, home: Home, granted: Granted, *, reads: bool = False
) -> str:
    """Why the object is out of reach, in words that say who can grant it; empty when it is within reach."""
    if granted is None:
        return ""
    gives_rights = reference.group in RIGHTS_GROUPS and not reads
    own_team = home.is_of_own_team(reference.namespace)
    if namespaced and own_team and not gives_rights:
        return ""
    if any(is_covered(reference, entry, home) for entry in granted):
        return ""
    return (
        f"{shown(reference)} is out of reach: {broken_rule(reference, namespaced, own_team)} "
        "Change the contract or the input, or ask a portal admin to grant this reach to the contract."
    )


def is_covered(reference: Reference, entry: GrantedEntry, home: Home) -> bool:
    """A name or a namespace that is computed never extends into what another team owns."""
    if (entry.group, entry.kind) != (reference.group, reference.kind):
        return False
    name_fits = is_computed(entry.name) or entry.name in ("", reference.name)
    namespace = home.namespace if entry.namespace == OWN_NAMESPACE else entry.namespace
    namespace_fits = is_computed(namespace) or namespace in (EVERY_NAMESPACE, reference.namespace)
    if not (name_fits and namespace_fits):
        return False
    exact = (entry.name == reference.name) if not reference.namespace else not is_computed(namespace)
    return exact or not home.is_foreign(reference)


def is_computed(text: str) -> bool:
    return "${" in text


def broken_rule(reference: Reference, namespaced: bool, own_team: bool) -> str:
    if not namespaced:
        return "it is not in a namespace."
    if own_team:
        return "it gives rights."
    if not reference.namespace:
        return "it is in every namespace."
    return f"the namespace {reference.namespace} does not belong to the team of the instance."


def shown(reference: Reference) -> str:
    if reference.name:
        return reference.display_name
    return f"Each {reference.kind} in {reference.namespace or 'the cluster'}"
