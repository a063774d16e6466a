"""What the reconciler would refuse of a draft: objects out of reach, and values of Secrets without a grant.

The rule is the reconciler's own; the form says it before the submission.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.compiler import Definition
from contracts.documents.api_versions import group_of
from contracts.grants import granted_keys
from contracts.models import Contract
from contracts.runtime import PreviewNode, withhold
from contracts.runtime.bounds import Home, granted_entries, violation
from contracts.runtime.withholding import withheld_nodes, withheld_reason
from portal.accounts.models import TeamNamespace

NOT_KNOWN_YET = "‹"  # starts the placeholder of a value that only the cluster knows


@dataclass(frozen=True, slots=True)
class Target:
    """``reads``: the object is read. ``namespaced``: as the contract knows the kind."""

    node: str
    group: str
    kind: str
    namespace: str
    name: str
    namespaced: bool
    reads: bool = False

    @property
    def display_name(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def is_known(self) -> bool:
        return NOT_KNOWN_YET not in self.namespace + self.name


def refusals(
    contract: Contract, definition: Definition, nodes: Sequence[PreviewNode], namespace: str
) -> list[str]:
    """Why nodes of a draft in ``namespace`` would be refused, in whole sentences."""
    granted = granted_keys(contract.name, contract.owner)
    withheld = withhold(definition, granted)
    ignored = {node.id for node in nodes if node.state == "ignored"}
    carrying = withheld_nodes(withheld) - ignored
    found = [f"{node}: {withheld_reason(withheld, node)}" for node in definition.order if node in carrying]
    targets = [one for one in targets_of(definition, nodes, namespace) if one.node not in carrying]
    home = Home(namespace, teams_of({namespace, *(one.namespace for one in targets), *names_of(targets)}))
    entries = granted_entries(definition, granted)
    for one in targets:
        allowed = [entry for entry in entries.get(one.node, ()) if entry.reads is one.reads]
        found.append(violation(one, one.namespaced, home, allowed, reads=one.reads))
    return list(dict.fromkeys(filter(None, found)))


def targets_of(definition: Definition, nodes: Sequence[PreviewNode], namespace: str) -> Iterator[Target]:
    """Every object that is known by name. What depends on the cluster is left to the reconciler."""
    for preview in nodes:
        node = definition.node(preview.id)
        for manifest in preview.manifests:
            metadata = manifest.get("metadata") or {}
            where = str(metadata.get("namespace") or namespace) if node.namespaced else ""
            name = str(metadata.get("name") or "")
            target = Target(node.id, node.group, node.kind, where, name, node.namespaced)
            if target.is_known:
                yield target
        for lookup in preview.lookups:
            where, group = lookup.namespace if node.namespaced else "", group_of(lookup.api_version)
            target = Target(node.id, group, lookup.kind, where, lookup.name, node.namespaced, reads=True)
            if target.is_known:
                yield target


def names_of(targets: Sequence[Target]) -> set[str]:
    return {one.name for one in targets if (one.group, one.kind) == ("", "Namespace")}


def teams_of(namespaces: set[str]) -> dict[str, str]:
    """Namespace → the slug of the team that owns it."""
    rows = TeamNamespace.objects.filter(name__in=namespaces - {""})
    return dict(rows.values_list("name", "team__slug"))
