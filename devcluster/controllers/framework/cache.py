"""The objects that the controllers read, indexed by name, namespace, owner and label.

The cache is updated with the changes of the store. The objects are shared with the store and must not be
changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Protocol

from devcluster.controllers.framework.objects import (
    Key,
    Object,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
)
from devcluster.controllers.framework.selectors import selects

LABELLED = ("Pod", "ReplicaSet")


class Change(Protocol):
    """The part of a change of the store that the cache needs."""

    @property
    def type(self) -> str: ...
    @property
    def object(self) -> Object: ...


class Cache:
    """The indexed objects of one cluster."""

    def __init__(self) -> None:
        self._objects: dict[Key, Object] = {}
        self._by_namespace: dict[tuple[str, str], dict[Key, None]] = defaultdict(dict)
        self._by_kind_key: dict[str, dict[Key, None]] = defaultdict(dict)
        self._children: dict[tuple[str, str], dict[Key, None]] = defaultdict(dict)
        self._by_label: dict[tuple[str, str, str, str], dict[Key, None]] = defaultdict(dict)
        self.pods_per_node: Counter[str] = Counter()

    def apply(self, change: Change) -> None:
        """Apply one change of the store."""
        key = key_of(change.object)
        self._remove(key)
        if change.type != "DELETED":
            self._objects[key] = change.object
            self._by_kind_key[key.kind][key] = None
            self._count(key, change.object, 1)
            for index, place in self._index_entries(key, change.object):
                index[place][key] = None

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._objects.get(Key(kind, namespace, name))

    def all(self, kind: str) -> list[Object]:
        return self._objects_at(self._by_kind_key.get(kind))

    def in_namespace(self, kind: str, namespace: str) -> list[Object]:
        """The objects of a kind in a namespace."""
        return self._objects_at(self._by_namespace.get((kind, namespace)))

    def children(self, kind: str, owner_uid: str) -> list[Object]:
        """The objects of a kind whose controller has this uid, ordered by name."""
        found = self._objects_at(self._children.get((kind, owner_uid)))
        return sorted(found, key=lambda child: str(child["metadata"]["name"]))

    def selected(self, kind: str, namespace: str, selector: Object | None) -> list[Object]:
        """The pods or replica sets that a LabelSelector selects. Fast if it requires the value of a label."""
        wanted = (selector or {}).get("matchLabels") or {}
        candidates: dict[Key, None] | None = self._by_namespace.get((kind, namespace))
        for label, value in wanted.items():
            narrower = self._by_label.get((kind, namespace, label, value), {})
            candidates = narrower if candidates is None or len(narrower) < len(candidates) else candidates
        return [obj for obj in self._objects_at(candidates) if selects(selector, labels_of(obj))]

    def orphans(self, kind: str, namespace: str, selector: Object | None) -> list[Object]:
        """Selected objects without a controller, which may be adopted."""
        found = self.selected(kind, namespace, selector)
        return [obj for obj in found if controller_of(obj) is None and not is_deleting(obj)]

    def _objects_at(self, keys: Iterable[Key] | None) -> list[Object]:
        return [self._objects[key] for key in keys or ()]

    def _remove(self, key: Key) -> None:
        old = self._objects.pop(key, None)
        if old is None:
            return
        self._by_kind_key[key.kind].pop(key, None)
        self._count(key, old, -1)
        for index, place in self._index_entries(key, old):
            index[place].pop(key, None)
            if not index[place]:
                del index[place]

    def _count(self, key: Key, obj: Object, by: int) -> None:
        if key.kind == "Pod" and obj["spec"].get("nodeName"):
            self.pods_per_node[obj["spec"]["nodeName"]] += by

    def _index_entries(self, key: Key, obj: Object) -> Iterable[tuple[dict, tuple]]:  # type: ignore[type-arg]
        yield self._by_namespace, (key.kind, key.namespace)
        owner = controller_of(obj)
        if owner is not None:
            yield self._children, (key.kind, owner["uid"])
        if key.kind in LABELLED:
            for label, value in labels_of(obj).items():
                yield self._by_label, (key.kind, key.namespace, label, value)
