"""How deep an instance is nested in other instances, and how deep instances may be."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.objects.accessors import Manifest, Reference, labels_of
from reconciler.objects.names import INSTANCE_ID

MAX_DEPTH = 8
"""How many instances a new instance may be in. It bounds what a contract creates that contains itself."""


def depth_of(instance: Manifest, instance_of_uid: Callable[[str], Manifest | None]) -> int:
    """How many instances the instance is in; 0 for one that a user created.

    Each child has the uid of its instance in a label. At most ``MAX_DEPTH``, also if labels form a cycle.
    """
    depth = 0
    owner: Manifest | None = instance
    while owner is not None and depth < MAX_DEPTH:
        owner = instance_of_uid(labels_of(owner).get(INSTANCE_ID, ""))
        depth += owner is not None
    return depth


def too_deep(reference: Reference) -> str:
    """Why an instance is not created that would be nested too deep."""
    return (
        f"{reference.display_name} was not created: it would be nested in more than {MAX_DEPTH} instances. "
        "The contract probably creates instances of its own kind, directly or through other contracts. "
        "End that by a condition in the contract, or change the input."
    )
