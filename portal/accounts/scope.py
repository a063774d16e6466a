"""To which team an object belongs, for the decisions of :mod:`portal.accounts.permission`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Scope:
    """The type of an object, its owning team, and a second team that may manage it."""

    kind: str  # "instance", "contract", "team", "platform"
    name: str = ""
    team_id: int | None = None
    contract_owner_id: int | None = None  # of an instance: the team that owns its contract


class Scoped(Protocol):
    def scope(self) -> Scope: ...
