"""What a write may not change, what it counts and what it owns: between reading a body and storing it."""

from __future__ import annotations

from datetime import UTC, datetime

from devcluster.kinds.kinds import Kind
from devcluster.machinery import managed_fields
from devcluster.machinery.fieldsets import MEMBER, Tree
from devcluster.machinery.managed_fields import Owners
from devcluster.machinery.typed import same
from devcluster.registry import admission
from devcluster.storage.memory import Manifest

SYSTEM_SET = (
    "uid",
    "creationTimestamp",
    "generation",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def kept(kind: Kind, live: Manifest, body: Manifest, subresource: str) -> Manifest:
    """The new object with what this request may not write taken from the live one."""
    meta = {key: value for key, value in body["metadata"].items() if key not in ("managedFields",)}
    before = live["metadata"]
    for key in (*SYSTEM_SET, "name", "namespace", "resourceVersion"):
        given = meta.pop(key, None)
        if key == "deletionTimestamp" and given is not None and given != before.get(key):
            meta[key] = given
        elif before.get(key) is not None:
            meta[key] = before[key]
    if subresource == "status":
        return _kept_but_status(kind, live, body, meta)
    kept = {**body, "metadata": meta}
    if "status" in kind.subresources:
        kept.pop("status", None)
        if "status" in live:
            kept["status"] = live["status"]
    return kept


def _kept_but_status(kind: Kind, live: Manifest, body: Manifest, meta: Manifest) -> Manifest:
    kept = {key: value for key, value in live.items() if key != "status"}
    if "status" in body:
        kept["status"] = body["status"]
    if kind.custom is None:
        meta = {**meta, "labels": live["metadata"].get("labels")} if kind.group == "apps" else meta
        kept["metadata"] = meta
    else:
        kept["metadata"] = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return kept


def count(kind: Kind, live: Manifest, new: Manifest) -> None:
    if not kind.counted:
        return
    outside = (
        ("metadata", "status") if "status" in kind.subresources or kind.custom is None else ("metadata",)
    )
    before = {key: value for key, value in live.items() if key not in outside}
    after = {key: value for key, value in new.items() if key not in outside}
    if not same(before, after):
        new["metadata"]["generation"] = live["metadata"].get("generation", 0) + 1


def ignored_fields(kind: Kind, subresource: str) -> Tree:
    """Fields that a write to this subresource cannot change and so cannot own."""
    if subresource == "status":
        return {"f:spec": MEMBER} | ({"f:metadata": MEMBER} if kind.custom is not None else {})
    if not subresource and "status" in kind.subresources and kind.kind not in admission.KEEPS_STATUS:
        return {"f:status": MEMBER}
    return {}


def set_owners(manifest: Manifest, held: Owners) -> None:
    entries = managed_fields.write(held)
    manifest["metadata"].pop("managedFields", None)
    if entries:
        manifest["metadata"]["managedFields"] = entries


def unchanged(live: Manifest, new: Manifest) -> bool:
    """Equality in which the times of managedFields and the resourceVersion do not count."""
    return same(_timeless(live), _timeless(new))


def _timeless(manifest: Manifest) -> Manifest:
    meta = {key: value for key, value in manifest["metadata"].items() if key != "resourceVersion"}
    if "managedFields" in meta:
        entries = [
            {key: value for key, value in entry.items() if key != "time"} for entry in meta["managedFields"]
        ]
        meta["managedFields"] = sorted(entries, key=str)
    return {**manifest, "metadata": meta}
