"""What passes remember of each other. Losing it costs an apply or a read of rows, never a wrong decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.cache.losses import Losses
from reconciler.cache.repair_log import RepairLog
from reconciler.objects.accessors import Identity, Manifest, uid_of
from reconciler.plan import LastApplied
from reconciler.status.assess import Assessment, Previous


class ReconcileCache:
    """``last_applied``: uid of a child → what was last applied to it. ``losses``: children that others
    delete. ``repairs``: fields that others change.
    """

    def __init__(self) -> None:
        self.last_applied: dict[str, LastApplied] = {}
        self.losses = Losses()
        self.repairs = RepairLog()
        self._last_seen: dict[str, dict[Identity, Manifest]] = {}  # uid of an instance → deleted objects
        self._applying: dict[Identity, str] = {}  # object → uid of the instance that applies it now
        self._previous: dict[str, Previous] = {}  # uid of an instance →
        self._deletions_requested: set[str] = set()  # uids of instances

    # -- assessments ------------------------------------------------------------------------------------

    def seed(self, known: Mapping[str, Previous]) -> None:
        """Start from what the rows know, by the uid of the instance."""
        self._previous = dict(known)
        for uid, previous in known.items():
            resources = previous.resources.items()
            self.repairs.seed(uid, {identity: one.repairs for identity, one in resources if one.repairs})
        self._deletions_requested = {uid for uid, one in known.items() if one.deletion_requested}

    def knows(self, uid: str) -> bool:
        """Whether the instance has been assessed before."""
        return uid in self._previous

    def previous(self, uid: str) -> Previous:
        known = self._previous.get(uid, Previous())
        return replace(known, deletion_requested=uid in self._deletions_requested)

    def save(self, uid: str, assessment: Assessment) -> None:
        self._previous[uid] = self.previous(uid).followed_by(assessment)

    @property
    def deletions_requested(self) -> frozenset[str]:
        """Uids of instances."""
        return frozenset(self._deletions_requested)

    def request_deletion(self, uid: str) -> None:
        """A user requested the deletion of the instance in the portal."""
        self._deletions_requested.add(uid)

    def withdraw_deletion(self, uid: str) -> bool:
        """The requested deletion was refused or cancelled. False when none was requested."""
        was_requested = uid in self._deletions_requested
        self._deletions_requested.discard(uid)
        return was_requested

    # -- objects ----------------------------------------------------------------------------------------

    def claim(self, identity: Identity, uid: str) -> bool:
        """Whether this instance may apply the object now: two must not both find its name unused."""
        return self._applying.setdefault(identity, uid) == uid

    def release(self, identity: Identity) -> None:
        self._applying.pop(identity, None)

    def finished(self, uid: str, identity: Identity, last: Manifest) -> None:
        """An object was deleted after it had finished, maybe before a pass saw that."""
        head = {key: last[key] for key in ("apiVersion", "kind", "spec", "status")}
        self._last_seen.setdefault(uid, {})[identity] = {**head, "metadata": {"uid": uid_of(last)}}

    def last_seen(self, uid: str, identity: Identity) -> Manifest | None:
        return self._last_seen.get(uid, {}).get(identity)

    # -- deletions --------------------------------------------------------------------------------------

    def forget_instance(self, uid: str) -> None:
        self._previous.pop(uid, None)
        self.losses.forget_instance(uid)
        self.repairs.forget_instance(uid)
        self._last_seen.pop(uid, None)
        self._deletions_requested.discard(uid)

    def forget_child(self, uid: str) -> None:
        self.last_applied.pop(uid, None)
