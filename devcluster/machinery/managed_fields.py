"""Who owns which field: metadata.managedFields, kept true through updates and applies (KEP-555).

An `Owner` is a manager with one way of writing (Apply or Update), one version and one subresource. Applying
is
asking to own fields: another owner's different value is a conflict. Updating just takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devcluster.machinery import fieldsets
from devcluster.machinery.errors import ApiError
from devcluster.machinery.fieldsets import MEMBER, Tree
from devcluster.machinery.schema import Shape
from devcluster.machinery.typed import compare, fields_of, merge, prune, shown_path

Manifest = dict[str, Any]

SERVER_SET = (
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
    "f:metadata": MEMBER | {f"f:{key}": MEMBER for key in SERVER_SET},
}
MOST_UPDATERS = 10


@dataclass(frozen=True, slots=True)
class Owner:
    manager: str
    operation: str
    api_version: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """What an owner has, since when; `since` is empty where no time is kept (scale)."""

    fields: Tree
    since: str


Owners = dict[Owner, Holding]


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


def updated(
    owners: Owners, owner: Owner, live: Manifest, new: Manifest, shape: Shape, *, ignored: Tree, now: str
) -> Owners:
    """Owners after a write that was no apply: what changed is the writer's, what went is nobody's."""
    found = compare(_bare(live), _bare(new), shape)
    removed = found.removed
    changed = fieldsets.without(fieldsets.difference(found.changed, NEVER_OWNED), ignored)
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
        since = now if changed or before is None else before.since
        left[owner] = Holding(own, "" if owner.subresource == "scale" else since)
    return _capped(left)


def _capped(owners: Owners) -> Owners:
    """At most ten updaters: the oldest of them become one, called ancient-changes."""
    updaters = sorted(
        (pair for pair in owners.items() if pair[0].operation == "Update"), key=lambda pair: pair[1].since
    )
    surplus = updaters[: max(0, len(updaters) - MOST_UPDATERS + 1)] if len(updaters) > MOST_UPDATERS else []
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


def applied(
    owners: Owners,
    owner: Owner,
    live: Manifest,
    config: Manifest,
    shape: Shape,
    *,
    ignored: Tree,
    force: bool,
    now: str,
) -> tuple[Manifest, Owners]:
    """The object and its owners after an apply. Raises TypedError, or ApiError 409 with every conflict."""
    before = owners.get(owner)
    named = fields_of(config, shape)
    wanted = fieldsets.without(fieldsets.difference(named, NEVER_OWNED), ignored)
    merged = merge(live, config, shape)
    if before is not None:
        owned = named
        for other, holding in owners.items():
            if other != owner:
                owned = fieldsets.union(owned, holding.fields)
        merged = prune(merged, shape, before.fields, owned)
    found = compare(_bare(live), _bare(merged), shape)
    changed = fieldsets.without(found.changed, ignored)
    conflicts = {
        other: both
        for other, holding in owners.items()
        if other != owner and (both := fieldsets.intersection(holding.fields, changed))
    }
    if conflicts and not force:
        raise conflict_error(conflicts)
    left: Owners = {}
    for other, holding in owners.items():
        if other == owner:
            continue
        fields = fieldsets.difference(holding.fields, conflicts.get(other, {}))
        fields = fieldsets.difference(fields, found.removed)
        if fields:
            left[other] = Holding(fields, holding.since)
    if wanted:
        changes = found.added or found.modified or found.removed
        left[owner] = Holding(wanted, now if changes else before.since if before else "")
    return merged, left


def conflict_error(conflicts: Mapping[Owner, Tree]) -> ApiError:
    causes = []
    for owner in sorted(conflicts, key=lambda one: (one.manager, one.operation, one.subresource)):
        for path in fieldsets.paths(conflicts[owner]):
            causes.append((_described(owner), shown_path(path), conflicts[owner]))
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    message = f"Apply failed with {count}: {_listed([(who, path) for who, path, _ in causes])}"
    details = {
        "causes": [
            {"reason": "FieldManagerConflict", "message": who, "field": path} for who, path, _ in causes
        ]
    }
    return ApiError(409, "Conflict", message, details)


def _described(owner: Owner) -> str:
    words = f'conflict with "{owner.manager}"'
    if owner.subresource:
        words += f' with subresource "{owner.subresource}"'
    return words + (f" using {owner.api_version}" if owner.operation == "Update" else "")


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
