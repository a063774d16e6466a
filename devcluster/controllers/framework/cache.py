"""What the controllers know of the cluster: every object they care about, found by name, owner or label.

Fed with the store's changes, it answers without scanning: children by the uid of their controller, pods and
replica sets by their labels. The objects are the store's own and must not be changed.
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
    """The part of a store's change that is read here."""

    @property
    def type(self) -> str: ...
    @property
    def object(self) -> Object: ...


class View:
    """The objects of one cluster, indexed."""

    def __init__(self) -> None:
        self._objects: dict[Key, Object] = {}
        self._places: dict[tuple[str, str], dict[Key, None]] = defaultdict(dict)
        self._kinds: dict[str, dict[Key, None]] = defaultdict(dict)
        self._children: dict[tuple[str, str], dict[Key, None]] = defaultdict(dict)
        self._labelled: dict[tuple[str, str, str, str], dict[Key, None]] = defaultdict(dict)
        self.pods_per_node: Counter[str] = Counter()

    def absorb(self, change: Change) -> None:
        """Take in one change of the store."""
        key = key_of(change.object)
        self._forget(key)
        if change.type != "DELETED":
            self._objects[key] = change.object
            self._kinds[key.kind][key] = None
            self._count(key, change.object, 1)
            for index, place in self._entries(key, change.object):
                index[place][key] = None

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._objects.get(Key(kind, namespace, name))

    def all(self, kind: str) -> list[Object]:
        return self._at(self._kinds.get(kind))

    def inside(self, kind: str, namespace: str) -> list[Object]:
        """Every object of a kind in a namespace."""
        return self._at(self._places.get((kind, namespace)))

    def children(self, kind: str, owner_uid: str) -> list[Object]:
        """Objects of a kind whose controller is the owner with this uid, in order of name."""
        found = self._at(self._children.get((kind, owner_uid)))
        return sorted(found, key=lambda child: str(child["metadata"]["name"]))

    def selected(self, kind: str, namespace: str, selector: Object | None) -> list[Object]:
        """Pods or replica sets that a LabelSelector selects. Cheap when it names one label's value."""
        wanted = (selector or {}).get("matchLabels") or {}
        candidates: dict[Key, None] | None = self._places.get((kind, namespace))
        for label, value in wanted.items():
            narrower = self._labelled.get((kind, namespace, label, value), {})
            candidates = narrower if candidates is None or len(narrower) < len(candidates) else candidates
        return [obj for obj in self._at(candidates) if selects(selector, labels_of(obj))]

    def orphans(self, kind: str, namespace: str, selector: Object | None) -> list[Object]:
        """What a selector selects and nobody controls: a controller may adopt it."""
        found = self.selected(kind, namespace, selector)
        return [obj for obj in found if controller_of(obj) is None and not is_deleting(obj)]

    def _at(self, keys: Iterable[Key] | None) -> list[Object]:
        return [self._objects[key] for key in keys or ()]

    def _forget(self, key: Key) -> None:
        old = self._objects.pop(key, None)
        if old is None:
            return
        self._kinds[key.kind].pop(key, None)
        self._count(key, old, -1)
        for index, place in self._entries(key, old):
            index[place].pop(key, None)
            if not index[place]:
                del index[place]

    def _count(self, key: Key, obj: Object, by: int) -> None:
        if key.kind == "Pod" and obj["spec"].get("nodeName"):
            self.pods_per_node[obj["spec"]["nodeName"]] += by

    def _entries(self, key: Key, obj: Object) -> Iterable[tuple[dict, tuple]]:  # type: ignore[type-arg]
        yield self._places, (key.kind, key.namespace)
        owner = controller_of(obj)
        if owner is not None:
            yield self._children, (key.kind, owner["uid"])
        if key.kind in LABELLED:
            for label, value in labels_of(obj).items():
                yield self._labelled, (key.kind, key.namespace, label, value)
