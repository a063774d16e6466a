"""What one pass over an instance came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.compiler import Definition
from contracts.problems import Problem
from reconciler.objects.accessors import Identity
from reconciler.plan import Graph
from reconciler.plan.repairs import Repairs


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The graph was rendered, and the steps that were due were carried out.

    ``errors``: why objects could not be applied. ``condition_problems``: why conditions of the author could
    not be evaluated. ``repairs``: of fields that others change. ``host_conflicts``: which hosts another
    instance claimed earlier, as a sentence.
    """

    graph: Graph
    errors: Mapping[Identity, str] = field(default_factory=dict)
    condition_problems: Sequence[Problem] = ()
    repairs: Mapping[Identity, Repairs] = field(default_factory=dict)
    host_conflicts: Mapping[Identity, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suspended:
    """An annotation on the instance suspends its reconciliation."""


@dataclass(frozen=True, slots=True)
class ManagedElsewhere:
    """Another tool manages the instance."""

    message: str


@dataclass(frozen=True, slots=True)
class NotCompiled:
    """The contract's revision does not compile."""

    message: str


@dataclass(frozen=True, slots=True)
class Deleting:
    """The instance is being deleted. ``definition``: None when the contract does not compile."""

    message: str
    definition: Definition | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The pass ended with an error, so nothing is known of the instance's resources."""

    message: str


@dataclass(frozen=True, slots=True)
class MissingRight:
    """The cluster does not grant a right that the pass needs, so nothing is known of the resources."""

    message: str


Outcome = Reconciled | Suspended | ManagedElsewhere | NotCompiled | Deleting | Failed | MissingRight
