"""Names that a new definition must not take: kinds, groups, and addresses of pages that are in use.

A conflict is a problem with the owner's name, found before anything is published. Nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import Q

from contracts.compiler import Definition, builtin_kinds
from contracts.models import KIND_READY, Contract, KnownSchema
from contracts.problems import Problem
from portal.accounts.models import User

# URLs below /contracts/ that are other pages.
PAGE_NAMES = frozenset({"new", "check", "drafts", "import"})
# Groups that this portal, kro and Kubernetes use for objects of their own.
RESERVED_GROUPS = frozenset({"slipway.dev", "internal.kro.run", "k8s.io", "kubernetes.io"})
# The API server accepts kinds in these groups only after a review by the Kubernetes project (KEP-1111).
PROTECTED_SUFFIXES = (".k8s.io", ".kubernetes.io")
TAKEN = frozenset({"NamesNotAccepted", "OwnerConflict"})  # reasons: the kind is another definition's
KRO_KINDS = frozenset({"ResourceGraphDefinition", "GraphRevision"})


def find_conflicts(
    definition: Definition, contract: Contract | None, by: User | None = None
) -> Iterator[Problem]:
    """Everything that prevents ``by`` from publishing ``definition`` as a revision of ``contract``."""
    yield from reserved_names(definition)
    if contract is not None:
        yield from identity_changes(definition, contract)
    yield from other_contracts(definition, by)
    if contract is None:
        yield from installed_kinds(definition)
    else:
        yield from replaced_kind(contract)


def reserved_names(definition: Definition) -> Iterator[Problem]:
    group, kind = definition.group, definition.kind
    if definition.name in PAGE_NAMES:
        message = f"“{definition.name}” is reserved: a page of the portal has that address."
        yield Problem("name-reserved", message, "metadata.name", hint="Choose another name.")
    if group in RESERVED_GROUPS or group.endswith(PROTECTED_SUFFIXES):
        message = f"The group “{group}” is reserved for Kubernetes, kro or Slipway itself."
        hint = "Use a domain name that you own, such as platform.example.com."
        yield Problem("group-reserved", message, "spec.schema.group", hint=hint)
    elif (group == "kro.run" and kind in KRO_KINDS) or builtin_kinds().lookup(definition.api_version, kind):
        message = f"The kind {kind} of {definition.api_version} is built in and cannot be redefined."
        yield Problem("kind-reserved", message, "spec.schema.kind", hint="Choose another kind or group.")


def identity_changes(definition: Definition, contract: Contract) -> Iterator[Problem]:
    """kro §1.1: kind, group, version and scope of a definition never change."""
    parts: Mapping[str, tuple[str, str]] = {
        "kind": (contract.kind, definition.kind),
        "group": (contract.group, definition.group),
        "apiVersion": (contract.version, definition.version),
        "scope": (scope_name(contract.namespaced), definition.scope),
    }
    for name, (before, now) in parts.items():
        if before != now:
            message = f"The {name} of “{contract.name}” is {before} and cannot be changed to {now}."
            hint = "Its instances would be lost. Publish it as a new contract with another metadata.name."
            yield Problem("identity-changed", message, f"spec.schema.{name}", hint=hint)


def scope_name(namespaced: bool) -> str:
    return "Namespaced" if namespaced else "Cluster"


def hidden_contract(name: str) -> Problem:
    """The name belongs to a contract that the author may not see."""
    message = f"The name “{name}” belongs to another team's contract."
    return Problem("name-taken", message, "metadata.name", hint="Choose another name.")


def other_contracts(definition: Definition, by: User | None) -> Iterator[Problem]:
    """Kinds and plurals are unique in the cluster, so contracts collide that the author may not see, too."""
    same = Q(kind=definition.kind) | Q(plural=definition.plural)
    others = Contract.objects.filter(same, group=definition.group).exclude(name=definition.name)
    visible = others if by is None else others.visible_to(by)
    seen = set(visible.values_list("pk", flat=True))
    for other in others.select_related("owner"):
        what = f"kind {definition.kind}" if other.kind == definition.kind else f"plural {definition.plural}"
        if other.pk not in seen:
            message = f"The {what} of {definition.group} belongs to another team's contract."
            yield Problem("kind-taken", message, "spec.schema.kind", hint="Choose another kind or group.")
            continue
        withdrawn = " (withdrawn, but its instances remain)" if other.withdrawn else ""
        message = (
            f"The {what} of {definition.group} belongs to the contract “{other.name}” "
            f"of the team {other.owner.name}{withdrawn}."
        )
        hint = f"Choose another kind or group, or publish a revision of “{other.name}” instead."
        yield Problem("kind-taken", message, "spec.schema.kind", hint=hint)


def installed_kinds(definition: Definition) -> Iterator[Problem]:
    """Kinds and plurals that a cluster already serves, as far as the reconciler has seen its definitions."""
    for known in KnownSchema.objects.filter(group_version__startswith=f"{definition.group}/"):
        for kind in known.kinds:
            if definition.kind == kind.get("kind") or definition.plural == kind.get("plural"):
                yield installed_kind(definition, known.destination, kind)
                break


def replaced_kind(contract: Contract) -> Iterator[Problem]:
    """The kind of a published contract, if the reconciler reports that something else installed it since."""
    for condition in contract.conditions:
        if condition["type"] == KIND_READY and condition["reason"] in TAKEN:
            hint = "Have that definition removed from the cluster, or publish a contract with another kind."
            yield Problem("kind-foreign", condition["message"], "spec.schema.kind", hint=hint)


def installed_kind(definition: Definition, destination: str, kind: Mapping[str, str]) -> Problem:
    """A warning when it may be this contract's kind, from a lost database; else a problem with the owner."""
    same_kind = definition.kind == kind.get("kind")
    what = f"kind {definition.kind}" if same_kind else f"plural {definition.plural}"
    message = f"“{destination}” already has the {what} in {definition.group}"
    if "owner" in kind:
        owner = f"It belongs to {kind['owner']}." if kind["owner"] else "Another tool installed it."
        hint = "Choose another kind or group, or have that definition removed from the cluster."
        return Problem("kind-foreign", f"{message}. {owner}", "spec.schema.kind", hint=hint)
    if kind.get("contract", definition.name) != definition.name or not same_kind:
        owner = f" for the contract “{kind['contract']}”" if kind.get("contract") else ""
        hint = "Choose another kind or group."
        return Problem("kind-foreign", f"{message}{owner}.", "spec.schema.kind", hint=hint)
    hint = "Instances can be created there only if Slipway installed that kind."
    return Problem("kind-installed", f"{message}.", "spec.schema.kind", severity="warning", hint=hint)
