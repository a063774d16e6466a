"""The garbage collector: deletes dependents of deleted owners, in background or foreground, or orphans them.

It maintains an index of the dependents of each owner, and processes an object again whenever the object, its
owner or its dependents change. Source of the rules: the garbage collection page of Kubernetes' documentation.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from enum import Enum
from typing import Any

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import ApiError
from devcluster.machinery.patches import merge_patch
from devcluster.registry.deletion import FOREGROUND, ORPHAN, delete
from devcluster.registry.requests import DeleteOptions, Target, WriteOptions, target_of
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Change, Manifest, Memory

Key = tuple[str, str, str]  # resource, namespace, name
MANAGER = "kube-controller-manager"
RETRY_AFTER = 1.0  # seconds after a write that could not be stored
MAX_DELETED = 10_000  # uids of deleted objects that are remembered


class OwnerState(Enum):
    PRESENT = "present"
    WAITING = "deleted in the foreground, waiting for this dependent"
    ABSENT = "absent"


class GarbageCollector:
    """Processes the writes of a memory. `run` returns only when it is cancelled."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._memory: Memory = writes.memory
        self._dependents: dict[str, set[Key]] = {}
        self._deleted: OrderedDict[str, None] = OrderedDict()
        self._queue: deque[Key] = deque()
        self._wakeup = asyncio.Event()
        for resource, table in self._memory.tables.items():
            for manifest in table.objects.values():
                self._index(resource, manifest)
                self._enqueue(key_of(resource, manifest))
        self._memory.on_write.append(self._written)

    async def run(self) -> None:
        while True:
            while self._queue:
                self._process(self._queue.popleft())
                await asyncio.sleep(0)
            self._wakeup.clear()
            await self._wakeup.wait()

    def stop(self) -> None:
        self._memory.on_write.remove(self._written)

    # ---- events

    def _written(self, resource: str, change: Change) -> None:
        key = key_of(resource, change.object)
        if change.before is not None:
            for uid in owner_uids(change.before):
                self._dependents.get(uid, set()).discard(key)
                self._enqueue_owner(change.before, uid)
        if change.type == "DELETED":
            uid = change.object["metadata"]["uid"]
            self._deleted[uid] = None
            while len(self._deleted) > MAX_DELETED:
                self._deleted.popitem(last=False)
            for dependent in self._dependents.pop(uid, set()):
                self._enqueue(dependent)
            return
        self._index(resource, change.object)
        if owner_uids(change.object) or finalizers(change.object) & {ORPHAN, FOREGROUND}:
            self._enqueue(key)

    def _index(self, resource: str, manifest: Manifest) -> None:
        for uid in owner_uids(manifest):
            self._dependents.setdefault(uid, set()).add(key_of(resource, manifest))

    def _enqueue(self, key: Key) -> None:
        self._queue.append(key)
        self._wakeup.set()

    def _enqueue_owner(self, dependent: Manifest, uid: str) -> None:
        for reference in dependent["metadata"].get("ownerReferences") or ():
            kind = self._writes.kinds.of(reference) if reference["uid"] == uid else None
            if kind is not None:
                namespace = dependent["metadata"].get("namespace", "") if kind.namespaced else ""
                self._enqueue((kind.resource, namespace, reference["name"]))

    # ---- reconciliation

    def _process(self, key: Key) -> None:
        manifest = self._memory.get(*key)
        kind = self._writes.kinds.of_resource(key[0])
        if manifest is None or kind is None:
            return
        try:
            if manifest["metadata"].get("deletionTimestamp"):
                self._finish(kind, manifest)
            elif manifest["metadata"].get("ownerReferences"):
                self._collect(kind, manifest)
        except ApiError as refusal:
            if refusal.code == 500:
                asyncio.get_running_loop().call_later(RETRY_AFTER, self._enqueue, key)
            elif refusal.code not in (404, 409):
                raise

    def _finish(self, kind: Kind, owner: Manifest) -> None:
        """A deleted owner: orphan its dependents, or wait for those that block the deletion."""
        uid, held = owner["metadata"]["uid"], finalizers(owner)
        dependents = [(key, self._memory.get(*key)) for key in sorted(self._dependents.get(uid, set()))]
        present = [(key, manifest) for key, manifest in dependents if manifest is not None]
        if ORPHAN in held:
            for key, manifest in present:
                self._drop_references(key, manifest, {uid})
            self._drop_finalizer(kind, owner, ORPHAN)
        elif FOREGROUND in held:
            blocking = [(key, manifest) for key, manifest in present if blocks(manifest, uid)]
            for key, manifest in present:
                if not manifest["metadata"].get("deletionTimestamp"):
                    self._enqueue(key)
            if not blocking:
                self._drop_finalizer(kind, owner, FOREGROUND)

    def _collect(self, kind: Kind, manifest: Manifest) -> None:
        """A dependent: delete it if none of its owners is present."""
        references = manifest["metadata"]["ownerReferences"]
        states = {reference["uid"]: self._state(manifest, reference) for reference in references}
        if OwnerState.PRESENT in states.values():
            stale = {uid for uid, state in states.items() if state is not OwnerState.PRESENT}
            if stale:
                self._drop_references(key_of(kind.resource, manifest), manifest, stale)
            return
        held = finalizers(manifest)
        uid = manifest["metadata"]["uid"]
        policy = "Orphan" if ORPHAN in held else "Foreground" if FOREGROUND in held else "Background"
        if OwnerState.WAITING in states.values() and self._dependents.get(uid):
            policy = "Foreground"
        delete(self._writes, target_of(kind, manifest), DeleteOptions(policy, uid=uid))

    def _state(self, dependent: Manifest, reference: Manifest) -> OwnerState:
        if reference["uid"] in self._deleted:
            return OwnerState.ABSENT
        kind = self._writes.kinds.of(reference)
        if kind is None:
            return OwnerState.PRESENT  # an unknown kind may be served later, so nothing is deleted
        namespace = dependent["metadata"].get("namespace", "") if kind.namespaced else ""
        owner = self._memory.get(kind.resource, namespace, reference["name"])
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return OwnerState.ABSENT
        waits = owner["metadata"].get("deletionTimestamp") and FOREGROUND in finalizers(owner)
        return OwnerState.WAITING if waits and reference.get("blockOwnerDeletion") else OwnerState.PRESENT

    def _drop_references(self, key: Key, manifest: Manifest, uids: set[str]) -> None:
        left = [one for one in manifest["metadata"].get("ownerReferences") or () if one["uid"] not in uids]
        self._patch_metadata(key, {"ownerReferences": left or None})

    def _drop_finalizer(self, kind: Kind, manifest: Manifest, name: str) -> None:
        left = [one for one in manifest["metadata"].get("finalizers") or () if one != name]
        self._patch_metadata(key_of(kind.resource, manifest), {"finalizers": left or None})

    def _patch_metadata(self, key: Key, change: dict[str, Any]) -> None:
        kind = self._writes.kinds.of_resource(key[0])
        if kind is not None:
            target, patch = Target(kind, *key[1:]), {"metadata": change}
            self._writes.modify(target, lambda live: merge_patch(live, patch), WriteOptions(MANAGER))


def key_of(resource: str, manifest: Manifest) -> Key:
    return resource, manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def owner_uids(manifest: Manifest) -> list[str]:
    return [reference["uid"] for reference in manifest["metadata"].get("ownerReferences") or ()]


def finalizers(manifest: Manifest) -> set[str]:
    return set(manifest["metadata"].get("finalizers") or ())


def blocks(manifest: Manifest, uid: str) -> bool:
    references = manifest["metadata"].get("ownerReferences") or ()
    return any(one["uid"] == uid and one.get("blockOwnerDeletion") for one in references)
