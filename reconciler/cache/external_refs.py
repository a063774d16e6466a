"""Whom an object that belongs to nobody here wakes: the instances that refer to it."""

from __future__ import annotations

from reconciler.cache.informers import SharedInformers, WatchKey
from reconciler.status.snapshot import Key


class ExternalRefIndex:
    def __init__(self, informers: SharedInformers) -> None:
        self._informers = informers
        self._keys: dict[WatchKey, set[Key]] = {}
        self._watched: dict[Key, set[WatchKey]] = {}

    def keys(self, watch_key: WatchKey) -> set[Key]:
        return self._keys.get(watch_key, set())

    def follow(self, key: Key, now: set[WatchKey]) -> None:
        """This instance refers to these; watches that wake nobody any more end."""
        for watch_key in self._watched.pop(key, set()) - now:
            keys = self.keys(watch_key)
            keys.discard(key)
            if not keys:
                self._keys.pop(watch_key, None)
                self._informers.stop(watch_key)
        for watch_key in now:
            self._keys.setdefault(watch_key, set()).add(key)
        if now:
            self._watched[key] = now
