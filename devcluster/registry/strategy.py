"""Prepares updates: read-only fields, the generation, and the fields that a write cannot own."""

from __future__ import annotations

from datetime import UTC, datetime

from devcluster.kinds.kinds import Kind
from devcluster.machinery import managed_fields
from devcluster.machinery.fieldsets import MEMBER, Tree
from devcluster.machinery.managed_fields import Owners
from devcluster.machinery.typed import same
from devcluster.registry import admission
from devcluster.registry.requests import Target
from devcluster.storage.memory import Manifest

SYSTEM_FIELDS = (
    "uid",
    "creationTimestamp",
    "generation",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def with_read_only_fields(target: Target, live: Manifest, body: Manifest) -> Manifest:
    """The new object; fields that this request cannot write come from the live one."""
    kind = target.kind
    meta = {key: value for key, value in body["metadata"].items() if key not in ("managedFields",)}
    before = live["metadata"]
    for key in (*SYSTEM_FIELDS, "name", "namespace", "resourceVersion"):
        given = meta.pop(key, None)
        if key == "deletionTimestamp" and given is not None and given != before.get(key):
            meta[key] = given
        elif before.get(key) is not None:
            meta[key] = before[key]
    if target.subresource == "status":
        return _with_new_status(kind, live, body, meta)
    new = {**body, "metadata": meta}
    if "status" in kind.subresources:
        new.pop("status", None)
        if "status" in live:
            new["status"] = live["status"]
    return new


def _with_new_status(kind: Kind, live: Manifest, body: Manifest, meta: Manifest) -> Manifest:
    new = {key: value for key, value in live.items() if key != "status"}
    if "status" in body:
        new["status"] = body["status"]
    if kind.custom is None:
        meta = {**meta, "labels": live["metadata"].get("labels")} if kind.group == "apps" else meta
        new["metadata"] = meta
    else:
        new["metadata"] = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return new


def increment_generation(kind: Kind, live: Manifest, new: Manifest) -> None:
    """Set the next generation if anything but metadata and status has changed."""
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
    """Fields that a write to this subresource cannot change and therefore cannot own."""
    if subresource == "status":
        return {"f:spec": MEMBER} | ({"f:metadata": MEMBER} if kind.custom is not None else {})
    if not subresource and "status" in kind.subresources and kind.kind not in admission.KEEPS_STATUS:
        return {"f:status": MEMBER}
    return {}


def set_owners(manifest: Manifest, owners: Owners) -> None:
    entries = managed_fields.write(owners)
    manifest["metadata"].pop("managedFields", None)
    if entries:
        manifest["metadata"]["managedFields"] = entries


def unchanged(live: Manifest, new: Manifest) -> bool:
    """Whether two objects are equal apart from resourceVersion and the times in managedFields."""
    return same(_without_times(live), _without_times(new))


def _without_times(manifest: Manifest) -> Manifest:
    meta = {key: value for key, value in manifest["metadata"].items() if key != "resourceVersion"}
    if "managedFields" in meta:
        entries = [
            {key: value for key, value in entry.items() if key != "time"} for entry in meta["managedFields"]
        ]
        meta["managedFields"] = sorted(entries, key=str)
    return {**manifest, "metadata": meta}
