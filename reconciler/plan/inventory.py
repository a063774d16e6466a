"""What an instance may own in the cluster, recorded on it before anything is applied (ApplySet, KEP-3659).

Deletion and pruning read only the inventory, never the contract: it may have changed or been deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.objects.accessors import Manifest, annotations_of, finalizers_of, namespace_of, reference_to
from reconciler.objects.names import (
    APPLYSET_KINDS,
    APPLYSET_NAMESPACES,
    APPLYSET_TOOLING,
    FINALIZER,
    TOOLING,
    applyset_id,
)


@dataclass(frozen=True, slots=True)
class Inventory:
    """``kinds``: ``Kind.group``; ``namespaces``: those other than the instance's own."""

    kinds: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()

    def __or__(self, other: Inventory) -> Inventory:
        return Inventory(self.kinds | other.kinds, self.namespaces | other.namespaces)

    def annotations(self) -> dict[str, str]:
        return {
            APPLYSET_TOOLING: TOOLING,
            APPLYSET_KINDS: ",".join(sorted(self.kinds)),
            APPLYSET_NAMESPACES: ",".join(sorted(self.namespaces)),
        }


def recorded(instance: Manifest) -> Inventory:
    """The inventory recorded on an instance; empty when there is none."""
    annotations = annotations_of(instance)
    return Inventory(
        frozenset(filter(None, annotations.get(APPLYSET_KINDS, "").split(","))),
        frozenset(filter(None, annotations.get(APPLYSET_NAMESPACES, "").split(","))),
    )


def inventory_of(members: Iterable[Manifest], home: str) -> Inventory:
    """Kinds and namespaces of these objects; ``home`` is the instance's own namespace."""
    kinds, namespaces = set(), set()
    for member in members:
        kinds.add(reference_to(member).group_kind)
        namespaces.add(namespace_of(member))
    return Inventory(frozenset(kinds), frozenset(namespaces - {home, ""}))


def is_damaged(instance: Manifest) -> bool:
    """Whether the inventory was removed from an instance that has our finalizer."""
    return FINALIZER in finalizers_of(instance) and APPLYSET_TOOLING not in annotations_of(instance)


def set_id(instance: Manifest) -> str:
    """The id of the ApplySet whose parent is this instance."""
    parent = reference_to(instance)
    return applyset_id(parent.name, parent.namespace, parent.kind, parent.group)


def foreign_tool(instance: Manifest) -> str:
    """The tool whose ApplySet already has this object as its parent, if it is not Slipway (such as
    ``kro/v0.4``).
    """
    tool = annotations_of(instance).get(APPLYSET_TOOLING, "")
    return tool if tool and tool.partition("/")[0] != TOOLING.partition("/")[0] else ""
