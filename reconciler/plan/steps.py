"""The steps of a plan. Values only; ``reconciler.instances.execute`` carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.objects.accessors import Reference
from reconciler.plan.compare import FieldDifference
from reconciler.plan.inventory import Inventory

RefusalCode = Literal["NameTaken", "NotAdopted", "OutOfReach", "NestedTooDeep"]
Why = Literal["create", "adopt", "update", "repair"]


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply this body. ``differences``: what it changes. ``by``: the field managers that did so before."""

    node: str
    index: int
    reference: Reference
    body: Mapping[str, Any] = field(repr=False)
    why: Why = "create"
    differences: tuple[FieldDifference, ...] = ()
    by: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(each.path for each in self.differences)


@dataclass(frozen=True, slots=True)
class Wait:
    """The node waits for something else; the reason says for what."""

    node: str
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The object must not be touched; a user must resolve the conflict.

    ``code``: ``NameTaken`` if it has another owner, ``NotAdopted`` if it exists and is unmanaged,
    ``OutOfReach`` if the instance may not write it, ``NestedTooDeep`` if it is an instance within too many
    others.
    """

    node: str
    reference: Reference
    reason: str
    code: RefusalCode = "NameTaken"


@dataclass(frozen=True, slots=True)
class Prune:
    """An object of this instance that is no longer desired."""

    node: str
    reference: Reference
    uid: str
    group: int = 0  # pruned together, highest first


@dataclass(frozen=True, slots=True)
class Delete:
    """An object that is deleted with its instance."""

    node: str
    reference: Reference
    uid: str


Step = Apply | Wait | Refuse | Prune


@dataclass(frozen=True, slots=True)
class Plan:
    """``before``: the inventory to record before the first step. ``after``: the one after the last."""

    steps: tuple[Step, ...]
    before: Inventory
    after: Inventory

    @property
    def applies(self) -> tuple[Apply, ...]:
        return tuple(step for step in self.steps if isinstance(step, Apply))

    @property
    def prunes(self) -> tuple[Prune, ...]:
        return tuple(step for step in self.steps if isinstance(step, Prune))

    @property
    def refusals(self) -> tuple[Refuse, ...]:
        return tuple(step for step in self.steps if isinstance(step, Refuse))

    @property
    def waits(self) -> tuple[Wait, ...]:
        return tuple(step for step in self.steps if isinstance(step, Wait))
