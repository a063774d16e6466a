"""What was whole and is not any more, although nobody asked for anything else: that is a loss.

From a Deployment alone nobody can tell a scale-up from lost pods: both say that fewer are ready than asked
for. The difference is what was asked for when it was whole last: its generation, and for a DaemonSet the
number of nodes too. The rows of resources keep it, so a loss that happens while no engine runs is told too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reconciler.objects.accessors import Identity, Manifest, generation_of, reference_to, uid_of
from reconciler.objects.health import Health, number, status_of

UNREADY = ("progressing", "waiting", "unknown")


@dataclass(frozen=True, slots=True)
class ReadyBaseline:
    """What was asked for when an object was ready last."""

    uid: str
    generation: int
    nodes: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class ReadinessBaseline:
    """The memory of one instance. ``generation``: its own; another wish of it makes everything forgotten."""

    generation: int = 0
    whole: dict[Identity, ReadyBaseline] = field(default_factory=dict)

    def wish(self, generation: int) -> None:
        if generation != self.generation:
            self.generation, self.whole = generation, {}

    def judge(self, live: Manifest, health: Health) -> Health:
        """``health``, or degraded when the object was ready and nothing else was asked of it since.

        An object that was deleted and made again is a loss until it is ready. Kinds without generations say
        nothing about what was asked for; for them nothing is told.
        """
        if not generation_of(live):
            return health
        identity = reference_to(live).identity
        now = ReadyBaseline(
            uid_of(live), generation_of(live), number(status_of(live), "desiredNumberScheduled")
        )
        before = self.whole.get(identity)
        if health.state == "ready":
            self.whole[identity] = now
        elif before is not None and health.state in UNREADY and is_loss(before, now):
            return replace(health, state="degraded")
        return health


def is_loss(before: ReadyBaseline, now: ReadyBaseline) -> bool:
    if before.uid != now.uid:
        return True
    return before.generation == now.generation and now.nodes <= before.nodes
