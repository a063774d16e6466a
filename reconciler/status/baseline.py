"""Detects losses: an object that was ready, and is not although nothing else was requested since.

A Deployment alone does not tell a scale-up from lost pods: both have fewer ready pods than desired. The
difference is what was desired when it was last ready: its generation, and for a DaemonSet the number of nodes
too. The rows of resources store this, so that a loss while no reconciler runs is detected as well.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from reconciler.objects.accessors import Manifest, generation_of, uid_of
from reconciler.objects.health import Health, number, status_of

UNREADY = ("progressing", "waiting", "unknown")


@dataclass(frozen=True, slots=True)
class ReadyBaseline:
    """What was desired of an object when it was last ready."""

    uid: str
    generation: int
    nodes: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare_with_baseline(
    live: Manifest, health: Health, baseline: ReadyBaseline | None
) -> tuple[Health, ReadyBaseline | None]:
    """The health, degraded after a loss, and the baseline for the next pass.

    An object that was deleted and recreated is a loss until it is ready. Kinds without a generation do not
    say what is desired; they have no baseline.
    """
    if not generation_of(live):
        return health, None
    now = ReadyBaseline(uid_of(live), generation_of(live), number(status_of(live), "desiredNumberScheduled"))
    if health.state == "ready":
        return health, now
    if baseline is not None and health.state in UNREADY and is_loss(baseline, now):
        return replace(health, state="degraded"), baseline
    return health, baseline


def is_loss(before: ReadyBaseline, now: ReadyBaseline) -> bool:
    if before.uid != now.uid:
        return True
    return before.generation == now.generation and now.nodes <= before.nodes
