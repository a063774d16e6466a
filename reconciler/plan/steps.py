"""What the planner may say. Values only; the engine carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.objects.accessors import Reference
from reconciler.plan.inventory import Inventory

Why = Literal["create", "adopt", "update", "repair"]


@dataclass(frozen=True, slots=True)
class Apply:
    """Send these fields. ``fields`` are those that differ; ``by`` is who changed them, when somebody did."""

    node: str
    index: int
    reference: Reference
    body: Mapping[str, Any] = field(repr=False)
    why: Why = "create"
    fields: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do for this node until something else happens; the reason says what."""

    node: str
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """An object of this name belongs to somebody else. It is not touched; a person must decide."""

    node: str
    reference: Reference
    reason: str


@dataclass(frozen=True, slots=True)
class Prune:
    """An object of this instance that no node wants any more."""

    node: str
    reference: Reference
    uid: str
    group: int = 0  # pruned together, highest first


@dataclass(frozen=True, slots=True)
class Delete:
    """An object that goes with its instance."""

    node: str
    reference: Reference
    uid: str


@dataclass(frozen=True, slots=True)
class Plan:
    """``before`` must stand on the instance before the first step, ``after`` may once all are done."""

    steps: tuple[Apply | Wait | Refuse | Prune, ...]
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
