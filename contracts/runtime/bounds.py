"""The rule of reach: what an instance may touch beyond its namespace. The reconciler and the form ask it.

It needs only values, so that it can be read as a table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from contracts.compiler import Definition
from contracts.compiler.reach import EVERY_NAMESPACE, OWN_NAMESPACE
from contracts.compiler.reaching.objects import RIGHTS_GROUPS

REACHING_OBJECTS = ("create", "bind", "read")  # the other entries are about values


class Target(Protocol):
    """An object, or with an empty name each object of its kind. ``namespace``: empty if cluster-scoped."""

    @property
    def group(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def display_name(self) -> str: ...


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

    def is_foreign(self, target: Target) -> bool:
        """Whether the object is in a namespace of another team, or is such a namespace itself."""
        is_namespace = (target.group, target.kind) == ("", "Namespace")
        owner = self.teams.get(target.name if is_namespace else target.namespace)
        return owner is not None and owner != self.teams.get(self.namespace)


def granted_entries(definition: Definition, granted: Collection[str]) -> dict[str, list[GrantedEntry]]:
    """Node → the entries of its reach whose keys are ``granted``."""
    found: dict[str, list[GrantedEntry]] = {}
    for entry in definition.reach.entries:
        if entry.key in granted and entry.what in REACHING_OBJECTS:
            one = GrantedEntry(entry.group, entry.kind, entry.namespace, entry.name, entry.what == "read")
            found.setdefault(entry.node, []).append(one)
    return found


def violation(target: Target, namespaced: bool, home: Home, granted: Granted, *, reads: bool = False) -> str:
    """Why the object is out of reach, in words that say who can grant it; empty when it is within reach."""
    if granted is None:
        return ""
    gives_rights = target.group in RIGHTS_GROUPS and not reads
    own_team = home.is_of_own_team(target.namespace)
    if namespaced and own_team and not gives_rights:
        return ""
    if any(is_covered(target, entry, home) for entry in granted):
        return ""
    return (
        f"{shown(target)} is out of reach: {broken_rule(target, namespaced, own_team)} "
        "Change the contract or the input, or ask a portal admin to grant this reach to the contract."
    )


def is_covered(target: Target, entry: GrantedEntry, home: Home) -> bool:
    """A name or a namespace that is computed never extends into what another team owns."""
    if (entry.group, entry.kind) != (target.group, target.kind):
        return False
    name_fits = is_computed(entry.name) or entry.name in ("", target.name)
    namespace = home.namespace if entry.namespace == OWN_NAMESPACE else entry.namespace
    namespace_fits = is_computed(namespace) or namespace in (EVERY_NAMESPACE, target.namespace)
    if not (name_fits and namespace_fits):
        return False
    exact = (entry.name == target.name) if not target.namespace else not is_computed(namespace)
    return exact or not home.is_foreign(target)


def is_computed(text: str) -> bool:
    return "${" in text


def broken_rule(target: Target, namespaced: bool, own_team: bool) -> str:
    if not namespaced:
        return "it is not in a namespace."
    if own_team:
        return "it gives rights."
    if not target.namespace:
        return "it is in every namespace."
    return f"the namespace {target.namespace} does not belong to the team of the instance."


def shown(target: Target) -> str:
    if target.name:
        return target.display_name
    return f"Each {target.kind} in {target.namespace or 'the cluster'}"
