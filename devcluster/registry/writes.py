"""Every write, from a body to a stored object: decode, set defaults, validate, record owners, store.

All of it is synchronous: nothing can run between reading the live object and storing the new one.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from devcluster.kinds import builtin_validation, defaults
from devcluster.kinds.crd_default_validation import default_problems
from devcluster.kinds.kinds import Kind, Kinds
from devcluster.kinds.validation_rules import NOT_EVALUATED, RuleEvaluator, has_rules, rule_problems
from devcluster.machinery import managed_fields, metadata, structural
from devcluster.machinery.errors import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    conflict,
    invalid,
    not_found,
    stale,
)
from devcluster.machinery.managed_fields import FieldWrite, Owner, Owners
from devcluster.machinery.typed import TypedError
from devcluster.registry import admission, identity
from devcluster.registry.decode import decode
from devcluster.registry.requests import Target, WriteOptions
from devcluster.registry.scale import path_problems
from devcluster.registry.strategy import (
    SYSTEM_FIELDS,
    ignored_fields,
    increment_generation,
    now,
    set_owners,
    unchanged,
    with_read_only_fields,
)
from devcluster.storage.memory import Manifest, Memory


class Writes:
    """The write paths over a memory. Without `rules`, the CEL rules of CRDs are not evaluated."""

    def __init__(self, memory: Memory, kinds: Kinds, rules: RuleEvaluator | None = None) -> None:
        self.memory = memory
        self.kinds = kinds
        self.rules = rules
        self.allocations = admission.Allocations(memory)
        self.after_write: list[Callable[[Kind, Manifest], None]] = []

    # ---- reads

    def live(self, target: Target) -> Manifest:
        """The stored object in the target's version. Raises 404."""
        kind = target.kind
        found = self.memory.get(kind.resource, target.namespace, target.name)
        if found is None:
            raise not_found(kind.plural, kind.group, target.name)
        return self.as_version(kind, found)

    def as_version(self, kind: Kind, manifest: Manifest) -> Manifest:
        """The object in the version of the kind, with defaults that are newer than the object."""
        if manifest["apiVersion"] != kind.api_version:
            manifest = admission.converted(manifest, kind.api_version)
        if int(manifest["metadata"]["resourceVersion"]) < kind.since:
            manifest = copy.deepcopy(manifest)
            structural.fill(manifest, kind.shape())
        return manifest

    # ---- create, replace, modify, apply

    def create(self, target: Target, body: Manifest, options: WriteOptions) -> Manifest:
        kind = target.kind
        body = identity.with_kind(kind, body)
        given = body.get("metadata") or {}
        if not isinstance(given, dict):
            raise bad_request("the object's metadata is no mapping")
        if given.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        dropped = (*SYSTEM_FIELDS, "managedFields", "resourceVersion")
        meta = {key: value for key, value in given.items() if key not in dropped}
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = metadata.generated(meta["generateName"])
        meta = identity.with_namespace(kind, target.namespace, meta)
        return self._insert(kind, {**body, "metadata": meta}, options, None)

    def replace(self, target: Target, body: Manifest, options: WriteOptions) -> Manifest:
        kind = target.kind
        body = identity.with_kind(kind, body)
        meta = body.get("metadata") or {}
        identity.check_name(meta.get("name"), target.name)
        meta = identity.with_namespace(kind, target.namespace, meta)
        live = self.live(target)
        if kind.custom is not None and not meta.get("resourceVersion"):
            cause = metadata.invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(kind.plural, kind.group, target.name, [cause])
        return self._update(target, live, {**body, "metadata": meta}, options)

    def modify(
        self, target: Target, change: Callable[[Manifest], Manifest], options: WriteOptions
    ) -> Manifest:
        """A patch: `change` returns the new object for the live one."""
        live = self.live(target)
        new = change(live)
        if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
            raise bad_request("the patch leaves no object")
        new = identity.with_kind(target.kind, new)
        identity.check_name(new["metadata"].get("name"), target.name)
        return self._update(target, live, new, options)

    def apply(self, target: Target, body: Manifest, options: WriteOptions) -> tuple[Manifest, bool]:
        """Server-side apply. Returns the object and whether it was created."""
        kind = target.kind
        given = identity.check_applied(target, body)
        body = {**body, "metadata": given}
        found = self.memory.get(kind.resource, target.namespace, target.name)
        if found is None and target.subresource:
            raise not_found(kind.plural, kind.group, target.name)
        _check_applied_uid(kind, found, given)
        if found is None:
            base: Manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {}}
            merged, owners = _merge_applied(target, base, body, options)
            dropped = (*SYSTEM_FIELDS, "resourceVersion")
            meta = {key: value for key, value in merged["metadata"].items() if key not in dropped}
            meta = identity.with_namespace(kind, target.namespace, meta)
            return self._insert(kind, {**merged, "metadata": meta}, options, owners), True
        live = self.as_version(kind, found)
        merged, owners = _merge_applied(target, live, body, options)
        return self._update(target, live, merged, options, owners), False

    # ---- insert and update

    def _insert(self, kind: Kind, body: Manifest, options: WriteOptions, owners: Owners | None) -> Manifest:
        """Store a new object. `owners` are those of an apply; None computes them as for an update."""
        meta = body["metadata"]
        name = meta.get("name", "")
        if kind.namespaced:
            admission.check_namespace(self.memory, kind, meta["namespace"], name)
        admission.check_definition(self.memory, kind, name)
        meta = {**meta, "uid": str(uuid.uuid4()), "creationTimestamp": now()}
        if kind.counted:
            meta["generation"] = 1
        if "status" in kind.subresources and kind.kind not in admission.KEEPS_STATUS:
            body = {key: value for key, value in body.items() if key != "status"}
        new = decode(kind, {**body, "metadata": meta}, options)
        self._validate(Target(kind), new, None, options)
        stored = self.memory.get(kind.resource, meta.get("namespace", ""), name)
        if stored is not None:
            raise _already_stored(kind, stored)
        admission.on_create(kind, new)
        if owners is None:
            base: Manifest = {"metadata": {}} | (defaults.zero(kind.kind) if kind.custom is None else {})
            owners = managed_fields.updated({}, _field_write(Target(kind), "Update", options), base, new)
        set_owners(new, owners)
        admission.allocate(kind, None, new, self.allocations)
        if options.dry_run:
            return new
        return self.rewrite(kind, new)

    def _update(
        self,
        target: Target,
        live: Manifest,
        body: Manifest,
        options: WriteOptions,
        owners: Owners | None = None,
    ) -> Manifest:
        kind, given = target.kind, body["metadata"]
        _check_preconditions(kind, live, given)
        new = decode(kind, with_read_only_fields(target, live, body), options)
        admission.on_update(kind, live, new)
        increment_generation(kind, live, new)
        if owners is None:
            before = managed_fields.read(live["metadata"])
            if "managedFields" in given and given["managedFields"] != live["metadata"].get("managedFields"):
                before = managed_fields.read(given)
            owners = managed_fields.updated(before, _field_write(target, "Update", options), live, new)
        admission.allocate(kind, live, new, self.allocations)
        self._validate(target, new, live, options)
        set_owners(new, owners)
        if unchanged(live, new):
            return live
        return self._store(kind, live, new, options)

    def _validate(self, target: Target, new: Manifest, live: Manifest | None, options: WriteOptions) -> None:
        """Raises 422 with every problem; adds a warning for rules that are not evaluated."""
        kind, subresource = target.kind, target.subresource
        found = metadata.problems(new, kind.kind) if live is None else metadata.change_problems(live, new)
        if live is not None and not found and not subresource:
            found = metadata.problems(new, kind.kind)
        if kind.custom is not None:
            found = found + self._custom_problems(target, new, live)
        elif not found or live is None:
            found = found + builtin_validation.problems(kind.group, new, live, subresource)
        if not found and kind.custom is None and kind.kind == "CustomResourceDefinition":
            found = default_problems(new, self.rules)
            if self.rules is None and has_rules(new):
                options.warnings.append(NOT_EVALUATED)
        if found:
            raise invalid(kind.kind, kind.group, new["metadata"].get("name", ""), found)

    def _custom_problems(self, target: Target, new: Manifest, live: Manifest | None) -> list[Cause]:
        shape = target.kind.shape()
        schema = structural.problems(new, shape, target.subresource)
        found = path_problems(target.kind, new) + schema
        if not schema and self.rules is not None:
            found += rule_problems(self.rules, shape, new, live)
        return found

    def _store(self, kind: Kind, live: Manifest, new: Manifest, options: WriteOptions) -> Manifest:
        meta = new["metadata"]
        finished = live["metadata"].get("deletionTimestamp") and not meta.get("finalizers")
        if finished and kind.resource == "namespaces" and (new.get("spec") or {}).get("finalizers"):
            finished = False
        removed = finished and not live["metadata"].get("deletionGracePeriodSeconds")
        if removed and not options.dry_run:
            self.remove(kind, live)
        if removed or options.dry_run:
            return {**new, "metadata": {**meta, "resourceVersion": live["metadata"]["resourceVersion"]}}
        return self.rewrite(kind, new)

    # ---- writes of the server itself

    def rewrite(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Store a manifest without validation."""
        stored = self.memory.put(kind.resource, manifest)
        self._notify(kind, stored)
        return stored

    def remove(self, kind: Kind, live: Manifest) -> Manifest:
        """Remove an object. Returns it with the resourceVersion of its deletion."""
        last = self.memory.remove(kind.resource, live)
        self._notify(kind, last)
        return last

    def mark_deleted(self, kind: Kind, live: Manifest, finalizers: list[str], grace: int) -> Manifest:
        """Set the deletionTimestamp and the finalizers of an object."""
        meta = {**live["metadata"], "deletionTimestamp": now(), "deletionGracePeriodSeconds": grace}
        if grace:
            later = datetime.now(UTC).timestamp() + grace
            meta["deletionTimestamp"] = datetime.fromtimestamp(later, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if finalizers:
            meta["finalizers"] = finalizers
        if "generation" in meta:
            meta["generation"] += 1
        return self.rewrite(kind, {**live, "metadata": meta})

    def _notify(self, kind: Kind, manifest: Manifest) -> None:
        for hook in self.after_write:
            hook(kind, manifest)


def _field_write(target: Target, operation: str, options: WriteOptions) -> FieldWrite:
    kind = target.kind
    return FieldWrite(
        owner=Owner(options.manager, operation, kind.api_version, target.subresource),
        shape=kind.shape(),
        ignored=ignored_fields(kind, target.subresource),
        now=now(),
        force=options.force,
    )


def _merge_applied(
    target: Target, live: Manifest, body: Manifest, options: WriteOptions
) -> tuple[Manifest, Owners]:
    owners = managed_fields.read(live["metadata"])
    try:
        return managed_fields.applied(owners, _field_write(target, "Apply", options), live, body)
    except TypedError as problem:
        meta = body.get("metadata") or {}
        name = f"{meta.get('namespace') or ''}/{meta.get('name')}"
        kind = identity.format_kind(target.kind.api_version, target.kind.kind)
        message = f"failed to create typed patch object ({name}; {kind}): {problem}"
        raise ApiError(500, "", message) from None


def _check_applied_uid(kind: Kind, found: Manifest | None, given: Manifest) -> None:
    uid = given.get("uid")
    if uid and (found is None or found["metadata"]["uid"] != uid):
        cause = metadata.invalid_value("metadata.uid", uid, "field is immutable")
        raise invalid(kind.kind, kind.group, given["name"], [cause, cause])


def _check_preconditions(kind: Kind, live: Manifest, given: Manifest) -> None:
    name = live["metadata"]["name"]
    if given.get("uid") not in (None, "", live["metadata"]["uid"]):
        why = (
            f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: "
            f"{live['metadata']['uid']}"
        )
        raise conflict(kind.plural, kind.group, name, why)
    if given.get("resourceVersion") not in (None, "", live["metadata"]["resourceVersion"]):
        raise stale(kind.plural, kind.group, name)


def _already_stored(kind: Kind, stored: Manifest) -> ApiError:
    error = already_exists(kind.plural, kind.group, stored["metadata"]["name"])
    if stored["metadata"].get("deletionTimestamp"):
        error.message = f"object is being deleted: {error.message}"
    return error
