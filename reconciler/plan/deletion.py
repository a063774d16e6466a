"""Plan the deletion of an instance's objects wave by wave, from their recorded order (kro §4.8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reconciler.objects.accessors import (
    Manifest,
    annotations_of,
    is_deleting,
    labels_of,
    reference_to,
    uid_of,
)
from reconciler.objects.health import deletion_message
from reconciler.objects.names import APPLY_ORDER, NODE
from reconciler.plan.steps import Delete, Wait


@dataclass(frozen=True, slots=True)
class Deletion:
    """``done``: nothing is left, so the finalizer can be removed. Else the steps of the current wave."""

    steps: tuple[Delete | Wait, ...]
    left: int

    @property
    def done(self) -> bool:
        return self.left == 0


def plan_deletion(members: Sequence[Manifest], unnamed: Collection[str] = ()) -> Deletion:
    """The next wave: members with the highest order. All of it must be deleted before the next one starts.

    ``unnamed``: labels of the nodes whose objects must not be named.
    """
    if not members:
        return Deletion((), 0)
    highest = max(map(order_of, members))
    steps: list[Delete | Wait] = []
    for member in sorted(members, key=reference_to):
        if order_of(member) != highest:
            continue
        node, reference = labels_of(member).get(NODE, ""), reference_to(member)
        if is_deleting(member):
            shown = f"A {reference.kind} of “{node}”" if node in unnamed else reference.display_name
            steps.append(Wait(node, deletion_message(member, shown), "being-deleted"))
        else:
            steps.append(Delete(node, reference, uid_of(member)))
    return Deletion(tuple(steps), len(members))


def order_of(member: Manifest) -> int:
    """The recorded wave; an object without one is deleted last."""
    text = annotations_of(member).get(APPLY_ORDER, "0")
    return int(text) if text.isdecimal() else 0
