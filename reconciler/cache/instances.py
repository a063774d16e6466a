"""The watched instances, by name and by uid."""

from __future__ import annotations

from reconciler.kube import Informer
from reconciler.kube.informer import Event
from reconciler.objects.accessors import Manifest, is_newer, name_of, namespace_of, uid_of, version_of
from reconciler.status.snapshot import Key, Listing


class InstanceCache:
    """``informers``: one per ``Kind.group`` of a contract, as long as its kind is served."""

    def __init__(self) -> None:
        self.informers: dict[str, Informer] = {}
        self._keys: dict[str, Key] = {}  # uid →
        self._postponed: set[Key] = set()

    def get(self, key: Key) -> Manifest | None:
        informer = self.informers.get(key.group_kind)
        return informer.get(key.namespace, key.name) if informer else None

    def postpone(self, key: Key) -> bool:
        """Whether a pass has to wait for the next list, because the instance may not exist any more.

        What a pass would create for an instance that is gone, nothing would ever delete.
        """
        informer = self.informers.get(key.group_kind)
        if informer is None or not informer.is_doubtful(key.namespace, key.name):
            return False
        self._postponed.add(key)
        return True

    def take_postponed(self, group_kind: str) -> list[Key]:
        """The keys of the passes that waited for the list of this kind."""
        found = [key for key in self._postponed if key.group_kind == group_kind]
        self._postponed.difference_update(found)
        return found

    def of_kind(self, group_kind: str) -> dict[Key, Manifest]:
        informer = self.informers.get(group_kind)
        return {key_of(group_kind, obj): obj for obj in informer.all()} if informer else {}

    def listing(self, group_kind: str) -> Listing:
        """The instances of a kind that is watched."""
        objects = {uid_of(obj): obj for obj in self.of_kind(group_kind).values()}
        return Listing(self.informers[group_kind].version, objects)

    def is_later(self, group_kind: str, obj: Manifest) -> bool:
        """Whether the object is of a later version than the cluster is at: it was restored from a backup."""
        now = self.informers[group_kind].version
        return bool(now) and is_newer(version_of(obj), now)

    def all_keys(self) -> list[Key]:
        return [key for group_kind in self.informers for key in self.of_kind(group_kind)]

    def key_of_uid(self, uid: str) -> Key | None:
        return self._keys.get(uid)

    def of_uid(self, uid: str) -> Manifest | None:
        key = self.key_of_uid(uid)
        return self.get(key) if key is not None else None

    def handle(self, group_kind: str, event: Event, obj: Manifest) -> Key:
        """Handle a watch event; returns the key of the instance."""
        key = key_of(group_kind, obj)
        if event == "deleted":
            self.forget(key, obj)
        else:
            self.remember(key, obj)
        return key

    def remember(self, key: Key, obj: Manifest) -> None:
        self._keys[uid_of(obj)] = key

    def forget(self, key: Key, obj: Manifest) -> None:
        self._keys.pop(uid_of(obj), None)

    def store_write(self, key: Key, obj: Manifest) -> None:
        """Put the answer of a write into the cache."""
        informer = self.informers.get(key.group_kind)
        if informer is not None:
            stored = informer.store_write(dict(obj))
            if stored and not self.is_deleted(key, uid_of(obj)):
                self.remember(key, obj)

    def is_deleted(self, key: Key, uid: str) -> bool:
        """Whether the watch has shown that this object, once created, no longer exists."""
        informer = self.informers.get(key.group_kind)
        if informer is None or not informer.synced.is_set():
            return False
        live = informer.get(key.namespace, key.name)
        return live is None or uid_of(live) != uid


def key_of(group_kind: str, obj: Manifest) -> Key:
    return Key(group_kind, namespace_of(obj), name_of(obj))
