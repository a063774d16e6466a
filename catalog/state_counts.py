"""Instances counted by state, for the bars of cards and lists; one database query each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from catalog.models.instance import Instance, State

# Worst states last, so that they are always at the right end of the bar.
_ORDER = (
    State.READY,
    State.PROGRESSING,
    State.WAITING,
    State.DELETING,
    State.UNKNOWN,
    State.DEGRADED,
    State.FAILED,
)
_MIN_WIDTH = 6.0  # percent, so that a single failure remains visible


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the bar, in percent of its width."""

    state: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class StateCounts:
    by_state: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def failed(self) -> int:
        return self.by_state.get(State.FAILED, 0)

    @property
    def degraded(self) -> int:
        return self.by_state.get(State.DEGRADED, 0)

    @property
    def summary(self) -> str:
        """“3 ready, 1 failed”: the accessible name of the bar."""
        parts = [
            f"{self.by_state[state]} {state.label.lower()}" for state in _ORDER if self.by_state.get(state)
        ]
        return ", ".join(parts) or "no instances"

    @property
    def bars(self) -> Iterator[Bar]:
        if not self.total:
            return
        shares = {
            state: 100 * self.by_state[state] / self.total for state in _ORDER if self.by_state.get(state)
        }
        raised = {state: max(share, _MIN_WIDTH) for state, share in shares.items()}
        scale = 100 / sum(raised.values())
        start = 0.0
        for state, share in raised.items():
            yield Bar(state, round(start, 1), round(share * scale, 1))
            start += share * scale


def count_states(instances: QuerySet[Instance]) -> dict[str, int]:
    """State → number of instances; without states that have none."""
    return dict(instances.order_by().values_list("state").annotate(number=Count("pk")))


def state_counts_by_contract(instances: QuerySet[Instance]) -> dict[int, StateCounts]:
    """Primary key of a contract → counts of its instances."""
    rows = instances.order_by().values_list("contract_id", "state").annotate(number=Count("pk"))
    counts: dict[int, dict[str, int]] = {}
    for contract, state, number in rows:
        counts.setdefault(contract, {})[state] = number
    return {contract: StateCounts(states) for contract, states in counts.items()}
