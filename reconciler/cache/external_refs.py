"""Maps external objects to the instances that reference them."""

from __future__ import annotations

from reconciler.cache.informers import SharedInformers, WatchKey
from reconciler.status.snapshot import Key


class ExternalRefIndex:
    def __init__(self, informers: SharedInformers) -> None:
        self._informers = informers
        self._keys: dict[WatchKey, set[Key]] = {}
        self._followed: dict[Key, set[WatchKey]] = {}

    def dependents_of(self, watch_key: WatchKey) -> set[Key]:
        return self._keys.get(watch_key, set())

    def follow(self, key: Key, now: set[WatchKey]) -> None:
        """The instance references these; watches without dependents are stopped."""
        for watch_key in self._followed.pop(key, set()) - now:
            keys = self.dependents_of(watch_key)
            keys.discard(key)
            if not keys:
                self._keys.pop(watch_key, None)
                self._informers.stop(watch_key)
        for watch_key in now:
            self._keys.setdefault(watch_key, set()).add(key)
        if now:
            self._followed[key] = now
