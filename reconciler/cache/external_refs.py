"""Whom an object that belongs to nobody here wakes: the instances that refer to it."""

from __future__ import annotations

from reconciler.cache.informers import Watched, Watches
from reconciler.status.snapshot import Key


class Externals:
    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._keys: dict[Watched, set[Key]] = {}
        self._watched: dict[Key, set[Watched]] = {}

    def keys(self, watched: Watched) -> set[Key]:
        return self._keys.get(watched, set())

    def follow(self, key: Key, now: set[Watched]) -> None:
        """This instance refers to these; watches that wake nobody any more end."""
        for watched in self._watched.pop(key, set()) - now:
            keys = self.keys(watched)
            keys.discard(key)
            if not keys:
                self._keys.pop(watched, None)
                self._watches.stop(watched)
        for watched in now:
            self._keys.setdefault(watched, set()).add(key)
        if now:
            self._watched[key] = now
