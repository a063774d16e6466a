"""How many replicas each replica set of a Deployment should have now. Numbers only.

The rules are those of the Deployment documentation: never more than `replicas + maxSurge` pods, never fewer
than `replicas - maxUnavailable` available ones, old pods that do not work go first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devcluster.controllers.framework.objects import Object, annotations_of, name_of, share

DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a rollout must keep: `wanted` replicas, at most `surge` more, at most `unavailable` missing."""

    wanted: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        return self.wanted + self.surge

    @property
    def least_available(self) -> int:
        return max(self.wanted - self.unavailable, 0)


def bounds_of(deployment: Object) -> Bounds:
    """The bounds that a Deployment's strategy sets. Recreate lets all be missing and none be extra."""
    spec = deployment["spec"]
    wanted = int(spec.get("replicas", 1))
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Bounds(wanted, 0, wanted)
    rolling = strategy.get("rollingUpdate") or {}
    surge = share(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return Bounds(wanted, surge, 1 if not surge and not unavailable else min(unavailable, wanted))


def size_of(replica_set: Object) -> int:
    return int(replica_set["spec"].get("replicas", 1))


def available_of(replica_set: Object) -> int:
    """Available pods that will stay: a status may still count some that are being given up."""
    return min(int((replica_set.get("status") or {}).get("availableReplicas", 0)), size_of(replica_set))


def first_size(bounds: Bounds, old: Sequence[Object]) -> int:
    """With how many replicas a new replica set starts."""
    return max(0, min(bounds.wanted, bounds.most - sum(map(size_of, old))))


def is_resized(deployment: Object, replica_sets: Sequence[Object]) -> bool:
    """Whether the Deployment's `replicas` changed since its running replica sets were last sized."""
    wanted = str(deployment["spec"].get("replicas", 1))
    return any(size_of(each) and annotations_of(each).get(DESIRED, wanted) != wanted for each in replica_sets)


def resized(bounds: Bounds, new: Object | None, old: Sequence[Object]) -> dict[str, int]:
    """Sizes after a change of `replicas`: all to the only running set, or to each its share in a rollout."""
    everyone = [*old, new] if new else list(old)
    running = [each for each in everyone if size_of(each)]
    if len(running) <= 1:
        target = running[0] if running else new
        return {name_of(target): bounds.wanted} if target else {}
    if new and size_of(new) == available_of(new) and available_of(new) >= bounds.wanted:
        return {name_of(each): bounds.wanted if each is new else 0 for each in running}
    total = sum(map(size_of, running))
    allowed = bounds.most if bounds.wanted else 0
    sizes = {name_of(each): max(0, round(size_of(each) * allowed / total)) for each in running}
    largest = max(running, key=size_of)
    sizes[name_of(largest)] = max(0, sizes[name_of(largest)] + allowed - sum(sizes.values()))
    return sizes


def rolled(bounds: Bounds, new: Object, old: Sequence[Object]) -> dict[str, int]:
    """The next sizes of a rolling update: the new set grows as far as it may, else the old ones shrink."""
    total = size_of(new) + sum(map(size_of, old))
    if size_of(new) > bounds.wanted:
        return {name_of(new): bounds.wanted}
    room = min(bounds.most - total, bounds.wanted - size_of(new))
    if room > 0:
        return {name_of(new): size_of(new) + room}
    return shrunk(bounds, new, old)


def shrunk(bounds: Bounds, new: Object, old: Sequence[Object]) -> dict[str, int]:
    """Sizes of the old sets: what does not work goes, then what is available beyond the least."""
    sizes = {name_of(each): size_of(each) for each in old}
    total = size_of(new) + sum(sizes.values())
    missing_in_new = size_of(new) - available_of(new)
    spare = total - bounds.least_available - missing_in_new
    for each in old:
        broken = max(min(spare, size_of(each) - available_of(each)), 0)
        sizes[name_of(each)] -= broken
        spare -= broken
    spare = available_of(new) + sum(map(available_of, old)) - bounds.least_available
    for each in old:
        healthy = max(min(spare, sizes[name_of(each)], available_of(each)), 0)
        sizes[name_of(each)] -= healthy
        spare -= healthy
    return {
        name: size
        for name, size in sizes.items()
        if size != size_of(next(e for e in old if name_of(e) == name))
    }


def recreated(bounds: Bounds, new: Object | None, old: Sequence[Object], old_pods: int) -> dict[str, int]:
    """Recreate: the old sets go to zero, and only when their pods are gone does the new one grow."""
    shrinking = {name_of(each): 0 for each in old if size_of(each)}
    if shrinking or old_pods or new is None:
        return shrinking
    return {name_of(new): bounds.wanted} if size_of(new) != bounds.wanted else {}
