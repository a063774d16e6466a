"""What a new definition must not take from somebody else: names of kinds, groups, and addresses of pages.

A collision is a problem with the owner's name, found before anything is published. Nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import Q

from contracts.compiler import Definition, builtin_kinds
from contracts.models import Contract, KnownSchema
from contracts.problems import Problem

# Addresses below /contracts/ that are pages of their own.
PAGE_NAMES = frozenset({"new", "check", "drafts", "import"})
# Groups that this portal, kro and Kubernetes use for objects of their own.
RESERVED_GROUPS = frozenset({"slipway.dev", "internal.kro.run", "k8s.io", "kubernetes.io"})
# The API server lets nobody define kinds there without a review by the Kubernetes project (KEP-1111).
PROTECTED_SUFFIXES = (".k8s.io", ".kubernetes.io")
KRO_KINDS = frozenset({"ResourceGraphDefinition", "GraphRevision"})


def collisions(definition: Definition, contract: Contract | None) -> Iterator[Problem]:
    """Everything that stands in the way of ``definition``, which would be a revision of ``contract``."""
    yield from reserved_names(definition)
    if contract is not None:
        yield from changed_identity(definition, contract)
    yield from other_contracts(definition)
    if contract is None:
        yield from installed_kinds(definition)


def reserved_names(definition: Definition) -> Iterator[Problem]:
    group, kind = definition.group, definition.kind
    if definition.name in PAGE_NAMES:
        message = f"A contract cannot be called “{definition.name}”: a page of the portal has that address."
        yield Problem("name-reserved", message, "metadata.name", hint="Choose another name.")
    if group in RESERVED_GROUPS or group.endswith(PROTECTED_SUFFIXES):
        message = f"The group “{group}” is reserved for Kubernetes, kro or Slipway itself."
        hint = "Use a domain name that belongs to you, such as platform.example.com."
        yield Problem("group-reserved", message, "spec.schema.group", hint=hint)
    elif (group == "kro.run" and kind in KRO_KINDS) or builtin_kinds().lookup(definition.api_version, kind):
        message = f"The kind {kind} of {definition.api_version} is built in and cannot be defined again."
        yield Problem("kind-reserved", message, "spec.schema.kind", hint="Choose another kind or group.")


def changed_identity(definition: Definition, contract: Contract) -> Iterator[Problem]:
    """kro §1.1: kind, group, version and scope of a definition never change."""
    parts: Mapping[str, tuple[str, str]] = {
        "kind": (contract.kind, definition.kind),
        "group": (contract.group, definition.group),
        "apiVersion": (contract.version, definition.version),
        "scope": (scope_word(contract.namespaced), definition.scope),
    }
    for name, (before, now) in parts.items():
        if before != now:
            message = f"The {name} of “{contract.name}” is {before} and cannot become {now}."
            hint = "Its instances would be lost. Publish it as a new contract, under another metadata.name."
            yield Problem("identity-changed", message, f"spec.schema.{name}", hint=hint)


def scope_word(namespaced: bool) -> str:
    return "Namespaced" if namespaced else "Cluster"


def other_contracts(definition: Definition) -> Iterator[Problem]:
    same = Q(kind=definition.kind) | Q(plural=definition.plural)
    others = Contract.objects.filter(same, group=definition.group).exclude(name=definition.name)
    for other in others.select_related("owner"):
        what = f"kind {definition.kind}" if other.kind == definition.kind else f"plural {definition.plural}"
        gone = " (withdrawn, but its instances live on)" if other.withdrawn else ""
        message = (
            f"The {what} of {definition.group} belongs to the contract “{other.name}” "
            f"of the team {other.owner.name}{gone}."
        )
        hint = f"Choose another kind or group, or publish a revision of “{other.name}” instead."
        yield Problem("kind-taken", message, "spec.schema.kind", hint=hint)


def installed_kinds(definition: Definition) -> Iterator[Problem]:
    """Warn of a kind that a cluster already has. It may be this contract's, from before a lost database."""
    for known in KnownSchema.objects.filter(group_version=definition.api_version):
        if any(kind.get("kind") == definition.kind for kind in known.kinds):
            message = f"“{known.destination}” already has a kind {definition.kind} in {definition.group}."
            hint = "Instances can be made there only if that kind was installed by Slipway."
            yield Problem("kind-installed", message, "spec.schema.kind", severity="warning", hint=hint)
