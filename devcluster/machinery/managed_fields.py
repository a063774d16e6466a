"""Which manager owns which field: metadata.managedFields through updates and applies (KEP-555).

An `Owner` is a manager with one operation (Apply or Update), one version and one subresource. An apply
requests the ownership of fields: a different value of another owner is a conflict. An update takes the
ownership.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from devcluster.machinery import fieldsets
from devcluster.machinery.errors import ApiError
from devcluster.machinery.fieldsets import MEMBER, Tree
from devcluster.machinery.schema import Shape
from devcluster.machinery.typed import compare, fields_of, format_path, merge, prune

Manifest = dict[str, Any]

SERVER_FIELDS = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
)
NEVER_OWNED: Tree = {
    "f:apiVersion": MEMBER,
    "f:kind": MEMBER,
    "f:metadata": MEMBER | {f"f:{key}": MEMBER for key in SERVER_FIELDS},
}
MAX_UPDATERS = 10


@dataclass(frozen=True, slots=True)
class Owner:
    manager: str
    operation: str
    api_version: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """The fields of an owner; `since` is empty for the scale subresource, which records no time."""

    fields: Tree
    since: str


Owners = dict[Owner, Holding]


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """A write of fields. Fields in `ignored` are never owned; `force` takes conflicting fields over."""

    owner: Owner
    shape: Shape
    ignored: Tree
    now: str
    force: bool = False


def read(metadata: Mapping[str, Any]) -> Owners:
    owners = {}
    for entry in metadata.get("managedFields") or ():
        owner = Owner(
            entry.get("manager", ""),
            entry.get("operation", ""),
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        )
        owners[owner] = Holding(fieldsets.decode(entry.get("fieldsV1") or {}), entry.get("time") or "")
    return owners


def write(owners: Owners) -> list[Manifest]:
    """managedFields: applies first, then by time."""
    ordered = sorted(
        owners.items(),
        key=lambda pair: (pair[0].operation, pair[1].since, pair[0].manager, pair[0].subresource),
    )
    return [_entry(owner, holding) for owner, holding in ordered]


def _entry(owner: Owner, holding: Holding) -> Manifest:
    entry: Manifest = {
        "manager": owner.manager,
        "operation": owner.operation,
        "apiVersion": owner.api_version,
    }
    if holding.since:
        entry["time"] = holding.since
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fieldsets.encode(holding.fields)}
    if owner.subresource:
        entry["subresource"] = owner.subresource
    return entry


def updated(owners: Owners, write: FieldWrite, live: Manifest, new: Manifest) -> Owners:
    """The owners after an update: the writer owns the changed fields, no one owns the removed ones."""
    owner = write.owner
    found = compare(_bare(live), _bare(new), write.shape)
    removed = found.removed
    changed = fieldsets.without(fieldsets.difference(found.changed, NEVER_OWNED), write.ignored)
    left: Owners = {}
    for other, holding in owners.items():
        if other != owner:
            fields = fieldsets.difference(fieldsets.difference(holding.fields, changed), removed)
            if fields:
                left[other] = Holding(fields, holding.since)
    before = owners.get(owner)
    rest = fieldsets.difference(before.fields, removed) if before else {}
    own = fieldsets.union(rest, changed)
    if own:
        since = write.now if changed or before is None else before.since
        left[owner] = Holding(own, "" if owner.subresource == "scale" else since)
    return _capped(left)


def _capped(owners: Owners) -> Owners:
    """At most ten updaters: the oldest are merged into one, named ancient-changes."""
    updaters = sorted(
        (pair for pair in owners.items() if pair[0].operation == "Update"), key=lambda pair: pair[1].since
    )
    surplus = updaters[: max(0, len(updaters) - MAX_UPDATERS + 1)] if len(updaters) > MAX_UPDATERS else []
    for owner, holding in surplus:
        del owners[owner]
        ancient = Owner("ancient-changes", "Update", owner.api_version)
        there = owners.get(ancient)
        owners[ancient] = Holding(
            fieldsets.union(there.fields, holding.fields) if there else holding.fields, holding.since
        )
    return owners


def _bare(manifest: Manifest) -> Manifest:
    metadata = {
        key: value for key, value in (manifest.get("metadata") or {}).items() if key != "managedFields"
    }
    return manifest | {"metadata": metadata}


def applied(owners: Owners, write: FieldWrite, live: Manifest, config: Manifest) -> tuple[Manifest, Owners]:
    """The object and its owners after an apply. Raises TypedError, or ApiError 409 with every conflict."""
    owner, shape, ignored = write.owner, write.shape, write.ignored
    before = owners.get(owner)
    named = fields_of(config, shape)
    wanted = fieldsets.without(fieldsets.difference(named, NEVER_OWNED), ignored)
    merged = merge(live, config, shape)
    if before is not None:
        others = [holding.fields for other, holding in owners.items() if other != owner]
        merged = prune(merged, shape, before.fields, reduce(fieldsets.union, others, named))
    found = compare(_bare(live), _bare(merged), shape)
    changed = fieldsets.without(found.changed, ignored)
    conflicts = {
        other: both
        for other, holding in owners.items()
        if other != owner and (both := fieldsets.intersection(holding.fields, changed))
    }
    if conflicts and not write.force:
        raise conflict_error(conflicts)
    left: Owners = {}
    for other, holding in owners.items():
        fields = fieldsets.difference(holding.fields, conflicts.get(other, {}))
        fields = fieldsets.difference(fields, found.removed)
        if fields and other != owner:
            left[other] = Holding(fields, holding.since)
    if wanted:
        changes = found.added or found.modified or found.removed
        left[owner] = Holding(wanted, write.now if changes else before.since if before else "")
    return merged, left


def conflict_error(conflicts: Mapping[Owner, Tree]) -> ApiError:
    causes = []
    for owner in sorted(conflicts, key=lambda one: (one.manager, one.operation, one.subresource)):
        for path in fieldsets.paths(conflicts[owner]):
            causes.append((_described(owner), format_path(path), conflicts[owner]))
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    message = f"Apply failed with {count}: {_listed([(who, path) for who, path, _ in causes])}"
    details = {
        "causes": [
            {"reason": "FieldManagerConflict", "message": who, "field": path} for who, path, _ in causes
        ]
    }
    return ApiError(409, "Conflict", message, details)


def _described(owner: Owner) -> str:
    text = f'conflict with "{owner.manager}"'
    if owner.subresource:
        text += f' with subresource "{owner.subresource}"'
    return text + (f" using {owner.api_version}" if owner.operation == "Update" else "")


def _listed(causes: Sequence[tuple[str, str]]) -> str:
    if len(causes) == 1:
        return f"{causes[0][0]}: {causes[0][1]}"
    by_owner: dict[str, list[str]] = {}
    for who, path in causes:
        by_owner.setdefault(who, []).append(path)
    blocks = [
        f"conflicts{who.removeprefix('conflict')}:\n" + "\n".join(f"- {path}" for path in found)
        for who, found in by_owner.items()
    ]
    return "\n".join(blocks)
