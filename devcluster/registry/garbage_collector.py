"""The garbage collector: dependents follow their owners, owners wait for dependents, orphans are let go.

It keeps an index of who names whom as owner, fed by every write, and looks at an object again whenever
its owner, its dependents or itself changed. Source of the rules: the garbage collection page of Kubernetes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from enum import Enum
from typing import Any

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import ApiError
from devcluster.machinery.patches import merge_patch
from devcluster.registry.decode import Options
from devcluster.registry.deletion import FOREGROUND, ORPHAN, DeleteOptions, delete
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Change, Manifest, Memory

Key = tuple[str, str, str]  # resource, namespace, name
MANAGER = "kube-controller-manager"
REMEMBERED = 10_000


class Owner(Enum):
    SOLID = "there"
    WAITING = "deleted in the foreground, waiting for this dependent"
    ABSENT = "gone, or it never was"


class Collector:
    """Follows a memory's writes. `run` works until it is cancelled."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._memory: Memory = writes.memory
        self._dependents: dict[str, set[Key]] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._queue: deque[Key] = deque()
        self._stirred = asyncio.Event()
        for resource, table in self._memory.tables.items():
            for manifest in table.objects.values():
                self._index(resource, manifest)
                self._wake(key_of(resource, manifest))
        self._memory.on_write.append(self._written)

    async def run(self) -> None:
        while True:
            while self._queue:
                self._look_at(self._queue.popleft())
                await asyncio.sleep(0)
            self._stirred.clear()
            await self._stirred.wait()

    def stop(self) -> None:
        self._memory.on_write.remove(self._written)

    # ---- what wakes it

    def _written(self, resource: str, change: Change) -> None:
        key = key_of(resource, change.object)
        if change.before is not None:
            for uid in owner_uids(change.before):
                self._dependents.get(uid, set()).discard(key)
                self._wake_owner(change.before, uid)
        if change.type == "DELETED":
            uid = change.object["metadata"]["uid"]
            self._gone[uid] = None
            while len(self._gone) > REMEMBERED:
                self._gone.popitem(last=False)
            for dependent in self._dependents.pop(uid, set()):
                self._wake(dependent)
            return
        self._index(resource, change.object)
        if owner_uids(change.object) or finalizers(change.object) & {ORPHAN, FOREGROUND}:
            self._wake(key)

    def _index(self, resource: str, manifest: Manifest) -> None:
        for uid in owner_uids(manifest):
            self._dependents.setdefault(uid, set()).add(key_of(resource, manifest))

    def _wake(self, key: Key) -> None:
        self._queue.append(key)
        self._stirred.set()

    def _wake_owner(self, dependent: Manifest, uid: str) -> None:
        for reference in dependent["metadata"].get("ownerReferences") or ():
            kind = self._writes.kinds.of(reference) if reference["uid"] == uid else None
            if kind is not None:
                namespace = dependent["metadata"].get("namespace", "") if kind.namespaced else ""
                self._wake((kind.resource, namespace, reference["name"]))

    # ---- what it does

    def _look_at(self, key: Key) -> None:
        manifest = self._memory.get(*key)
        kind = self._writes.kinds.of_resource(key[0])
        if manifest is None or kind is None:
            return
        try:
            if manifest["metadata"].get("deletionTimestamp"):
                self._finish(kind, manifest)
            elif manifest["metadata"].get("ownerReferences"):
                self._judge(kind, manifest)
        except ApiError as refusal:
            if refusal.code not in (404, 409):
                raise

    def _finish(self, kind: Kind, owner: Manifest) -> None:
        """An owner that is being deleted: let go of orphans, or wait for dependents that block."""
        uid, held = owner["metadata"]["uid"], finalizers(owner)
        dependents = [(key, self._memory.get(*key)) for key in sorted(self._dependents.get(uid, set()))]
        there = [(key, manifest) for key, manifest in dependents if manifest is not None]
        if ORPHAN in held:
            for key, manifest in there:
                self._drop_references(key, manifest, {uid})
            self._drop_finalizer(kind, owner, ORPHAN)
        elif FOREGROUND in held:
            blocking = [(key, manifest) for key, manifest in there if blocks(manifest, uid)]
            for key, manifest in there:
                if not manifest["metadata"].get("deletionTimestamp"):
                    self._wake(key)
            if not blocking:
                self._drop_finalizer(kind, owner, FOREGROUND)

    def _judge(self, kind: Kind, manifest: Manifest) -> None:
        """A living dependent: it goes when no owner is left that holds it."""
        references = manifest["metadata"]["ownerReferences"]
        states = {reference["uid"]: self._state(manifest, reference) for reference in references}
        if Owner.SOLID in states.values():
            stale = {uid for uid, state in states.items() if state is not Owner.SOLID}
            if stale:
                self._drop_references(key_of(kind.resource, manifest), manifest, stale)
            return
        held = finalizers(manifest)
        uid = manifest["metadata"]["uid"]
        policy = "Orphan" if ORPHAN in held else "Foreground" if FOREGROUND in held else "Background"
        if Owner.WAITING in states.values() and self._dependents.get(uid):
            policy = "Foreground"
        meta = manifest["metadata"]
        delete(self._writes, kind, meta.get("namespace", ""), meta["name"], DeleteOptions(policy, uid=uid))

    def _state(self, dependent: Manifest, reference: Manifest) -> Owner:
        if reference["uid"] in self._gone:
            return Owner.ABSENT
        kind = self._writes.kinds.of(reference)
        if kind is None:
            return Owner.SOLID  # a kind that is not served may come back: nothing is removed for its sake
        namespace = dependent["metadata"].get("namespace", "") if kind.namespaced else ""
        owner = self._memory.get(kind.resource, namespace, reference["name"])
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return Owner.ABSENT
        waits = owner["metadata"].get("deletionTimestamp") and FOREGROUND in finalizers(owner)
        return Owner.WAITING if waits and reference.get("blockOwnerDeletion") else Owner.SOLID

    def _drop_references(self, key: Key, manifest: Manifest, uids: set[str]) -> None:
        left = [one for one in manifest["metadata"].get("ownerReferences") or () if one["uid"] not in uids]
        self._patch_metadata(key, {"ownerReferences": left or None})

    def _drop_finalizer(self, kind: Kind, manifest: Manifest, name: str) -> None:
        left = [one for one in manifest["metadata"].get("finalizers") or () if one != name]
        self._patch_metadata(key_of(kind.resource, manifest), {"finalizers": left or None})

    def _patch_metadata(self, key: Key, change: dict[str, Any]) -> None:
        kind = self._writes.kinds.of_resource(key[0])
        if kind is not None:
            patch = {"metadata": change}
            self._writes.modify(kind, key[1], key[2], lambda live: merge_patch(live, patch), Options(MANAGER))


def key_of(resource: str, manifest: Manifest) -> Key:
    return resource, manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def owner_uids(manifest: Manifest) -> list[str]:
    return [reference["uid"] for reference in manifest["metadata"].get("ownerReferences") or ()]


def finalizers(manifest: Manifest) -> set[str]:
    return set(manifest["metadata"].get("finalizers") or ())


def blocks(manifest: Manifest, uid: str) -> bool:
    references = manifest["metadata"].get("ownerReferences") or ()
    return any(one["uid"] == uid and one.get("blockOwnerDeletion") for one in references)
