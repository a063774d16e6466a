"""The definition of a controller: the kinds that it watches, and its reconcile function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from devcluster.controllers.framework.actions import Action
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.objects import Key, Object
from devcluster.controllers.framework.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The input of a reconciliation besides the objects."""

    now: datetime
    settings: Settings
    seconds_in: Callable[[str], float]
    """Seconds for which this request has been in the named state; a new name starts at zero."""
    failure: str = ""
    """The error message of the last write for this request, or an empty string."""


Reconcile: TypeAlias = Callable[[Object, Cache, Context], Iterable[Action]]
MapFunction: TypeAlias = Callable[[Object, Cache], Iterable[Key]]


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller of one kind. `reconcile` runs when the object, a child or a watched object changes."""

    name: str  # the source of its Events
    kind: str
    reconcile: Reconcile
    owns: tuple[str, ...] = ()
    watches: Mapping[str, MapFunction] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    """Kinds that `reconcile` reads but does not watch."""
    manager: str = "kube-controller-manager"
    on_deleted: Callable[[Key, Cache, Context], Iterable[Action]] | None = None
    """Runs instead of `reconcile` if the object does not exist."""
