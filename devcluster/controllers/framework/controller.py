"""The shape of a controller: what wakes it, and the function that decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from devcluster.controllers.framework.actions import Action
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.objects import Key, Object
from devcluster.controllers.framework.settings import Settings


@dataclass(frozen=True, slots=True)
class Turn:
    """What a decision may know besides the objects."""

    now: datetime
    settings: Settings
    lasting: Callable[[str], float]
    """Seconds for which this key has been in the named state; a new name starts from nothing."""
    failure: str = ""
    """Why the last write for this key was refused, in the server's words; empty when it was not."""


Decide: TypeAlias = Callable[[Object, View, Turn], Iterable[Action]]
Wakes: TypeAlias = Callable[[Object, View], Iterable[Key]]


@dataclass(frozen=True, slots=True)
class Controller:
    """One kind's loop. `decide` gets the object whenever it, a child or a related object changed."""

    name: str  # the source of its events
    kind: str
    decide: Decide
    owns: tuple[str, ...] = ()
    wakes: Mapping[str, Wakes] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    """Kinds that `decide` looks up and that need wake nothing."""
    manager: str = "kube-controller-manager"
    gone: Callable[[Key, View, Turn], Iterable[Action]] | None = None
    """Asked instead of `decide` when the object is not there (any more)."""
