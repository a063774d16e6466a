"""The published contracts of a cluster, compiled, by the kind that they define."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.compiler import Definition
from contracts.runtime.bounds import GrantedEntry
from reconciler.kube import Resource
from reconciler.objects.accessors import group_kind
from reconciler.status.resources import unnamed_labels


@dataclass(frozen=True, slots=True)
class PublishedRevision:
    """A contract's latest revision, as its row holds it. ``digest`` identifies the text."""

    contract: int
    name: str
    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    revision: int  # the row's key
    number: int
    digest: str
    withdrawn: bool
    owner: str
    granted: frozenset[str] = frozenset()  # keys of the granted entries of its reach

    @property
    def group_kind(self) -> str:
        return group_kind(self.group, self.kind)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}"

    @property
    def crd_name(self) -> str:
        return f"{self.plural}.{self.group}"

    @property
    def resource(self) -> Resource:
        return Resource(self.group, self.version, self.kind, self.plural, self.namespaced)


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """``definition`` is None when the text does not compile; ``problem`` says why.

    ``adopt``: its instances may adopt unmanaged objects. ``granted``: node → what its objects may reach
    beside the namespaces of the instance's team; None is everything. What carries a value of a Secret without
    a grant is withheld in the definition.
    """

    published: PublishedRevision
    definition: Definition | None
    problem: str = ""
    adopt: bool = False
    granted: Mapping[str, Sequence[GrantedEntry]] | None = field(default_factory=dict)

    @property
    def unnamed(self) -> frozenset[str]:
        """Labels of the nodes whose objects must not be named."""
        return unnamed_labels(self.definition)

    @property
    def shown_secrets(self) -> frozenset[str]:
        """Keys of the granted entries of its reach that show a value of a Secret."""
        entries = self.definition.reach.entries if self.definition is not None else ()
        return self.published.granted & {entry.key for entry in entries if entry.what == "secret-flow"}
