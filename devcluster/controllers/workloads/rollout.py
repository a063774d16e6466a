"""Computes the sizes of the replica sets of a Deployment.

The rules are those of the Deployment documentation: never more than `replicas + maxSurge` pods, never fewer
than `replicas - maxUnavailable` available ones, and unhealthy old pods are deleted first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devcluster.controllers.framework.objects import Object, annotations_of, int_or_percent, name_of

DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of a rollout: `desired` replicas, at most `surge` more and `unavailable` fewer."""

    desired: int
    surge: int
    unavailable: int

    @property
    def maximum(self) -> int:
        return self.desired + self.surge

    @property
    def min_available(self) -> int:
        return max(self.desired - self.unavailable, 0)


def bounds_of(deployment: Object) -> Bounds:
    """The bounds of a Deployment by its strategy. Recreate allows no extra pods, but none available."""
    spec = deployment["spec"]
    desired = int(spec.get("replicas", 1))
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Bounds(desired, 0, desired)
    rolling = strategy.get("rollingUpdate") or {}
    surge = int_or_percent(rolling.get("maxSurge", "25%"), desired, up=True)
    unavailable = int_or_percent(rolling.get("maxUnavailable", "25%"), desired, up=False)
    return Bounds(desired, surge, 1 if not surge and not unavailable else min(unavailable, desired))


def size_of(replica_set: Object) -> int:
    return int(replica_set["spec"].get("replicas", 1))


def available_of(replica_set: Object) -> int:
    """The available pods, without those that the status counts but that are about to be deleted."""
    return min(int((replica_set.get("status") or {}).get("availableReplicas", 0)), size_of(replica_set))


def initial_size(bounds: Bounds, old: Sequence[Object]) -> int:
    """The initial size of a new replica set."""
    return max(0, min(bounds.desired, bounds.maximum - sum(map(size_of, old))))


def is_resized(deployment: Object, replica_sets: Sequence[Object]) -> bool:
    """Whether `replicas` of the Deployment changed since its replica sets were last scaled."""
    desired = str(deployment["spec"].get("replicas", 1))
    return any(
        size_of(each) and annotations_of(each).get(DESIRED, desired) != desired for each in replica_sets
    )


def scaled_sizes(bounds: Bounds, new: Object | None, old: Sequence[Object]) -> dict[str, int]:
    """Sizes after a change of `replicas`: proportional if a rollout has several replica sets with pods."""
    replica_sets = [*old, new] if new else list(old)
    running = [each for each in replica_sets if size_of(each)]
    if len(running) <= 1:
        target = running[0] if running else new
        return {name_of(target): bounds.desired} if target else {}
    if new and size_of(new) == available_of(new) and available_of(new) >= bounds.desired:
        return {name_of(each): bounds.desired if each is new else 0 for each in running}
    total = sum(map(size_of, running))
    allowed = bounds.maximum if bounds.desired else 0
    sizes = {name_of(each): max(0, round(size_of(each) * allowed / total)) for each in running}
    largest = max(running, key=size_of)
    sizes[name_of(largest)] = max(0, sizes[name_of(largest)] + allowed - sum(sizes.values()))
    return sizes


def rolling_update_sizes(bounds: Bounds, new: Object, old: Sequence[Object]) -> dict[str, int]:
    """The next sizes of a rolling update: scale the new set up as far as possible, else the old ones down."""
    total = size_of(new) + sum(map(size_of, old))
    if size_of(new) > bounds.desired:
        return {name_of(new): bounds.desired}
    room = min(bounds.maximum - total, bounds.desired - size_of(new))
    if room > 0:
        return {name_of(new): size_of(new) + room}
    return scale_down_sizes(bounds, new, old)


def scale_down_sizes(bounds: Bounds, new: Object, old: Sequence[Object]) -> dict[str, int]:
    """The sizes of the old sets: unhealthy pods are removed first, then surplus available ones."""
    sizes = {name_of(each): size_of(each) for each in old}
    total = size_of(new) + sum(sizes.values())
    missing_in_new = size_of(new) - available_of(new)
    spare = total - bounds.min_available - missing_in_new
    for each in old:
        broken = max(min(spare, size_of(each) - available_of(each)), 0)
        sizes[name_of(each)] -= broken
        spare -= broken
    spare = available_of(new) + sum(map(available_of, old)) - bounds.min_available
    for each in old:
        healthy = max(min(spare, sizes[name_of(each)], available_of(each)), 0)
        sizes[name_of(each)] -= healthy
        spare -= healthy
    return {
        name: size
        for name, size in sizes.items()
        if size != size_of(next(e for e in old if name_of(e) == name))
    }


def recreate_sizes(
    bounds: Bounds, new: Object | None, old: Sequence[Object], old_pods: int
) -> dict[str, int]:
    """Recreate: scale the old sets to zero, then, once their pods are deleted, scale the new one up."""
    shrinking = {name_of(each): 0 for each in old if size_of(each)}
    if shrinking or old_pods or new is None:
        return shrinking
    return {name_of(new): bounds.desired} if size_of(new) != bounds.desired else {}
