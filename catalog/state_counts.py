"""How many instances are how: for the bars of cards and lists. Counted by the database in one query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from catalog.models.instance import Instance, State

# From the worst; the bar draws them from the right, so that trouble is always in the same place.
_ORDER = (
    State.READY,
    State.PROGRESSING,
    State.WAITING,
    State.DELETING,
    State.UNKNOWN,
    State.DEGRADED,
    State.FAILED,
)
_THINNEST = 6.0  # percent: a failure is never too thin to be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the bar, in percent of its width."""

    state: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Health:
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        return self.counts.get(State.FAILED, 0)

    @property
    def degraded(self) -> int:
        return self.counts.get(State.DEGRADED, 0)

    @property
    def words(self) -> str:
        """“3 ready, 1 failed”, for those who do not see the bar."""
        parts = [f"{self.counts[state]} {state.label.lower()}" for state in _ORDER if self.counts.get(state)]
        return ", ".join(parts) or "no instances"

    @property
    def bars(self) -> Iterator[Bar]:
        if not self.total:
            return
        shares = {state: 100 * self.counts[state] / self.total for state in _ORDER if self.counts.get(state)}
        raised = {state: max(share, _THINNEST) for state, share in shares.items()}
        scale = 100 / sum(raised.values())
        start = 0.0
        for state, share in raised.items():
            yield Bar(state, round(start, 1), round(share * scale, 1))
            start += share * scale


def count_states(instances: QuerySet[Instance]) -> dict[str, int]:
    """State → how many of the instances are in it; states in which none is are left out."""
    return dict(instances.order_by().values_list("state").annotate(number=Count("pk")))


def health_of_contracts(instances: QuerySet[Instance]) -> dict[int, Health]:
    """Key of a contract → health of those of the instances that are its own."""
    rows = instances.order_by().values_list("contract_id", "state").annotate(number=Count("pk"))
    counts: dict[int, dict[str, int]] = {}
    for contract, state, number in rows:
        counts.setdefault(contract, {})[state] = number
    return {contract: Health(states) for contract, states in counts.items()}
