"""Every write, from a body to a stored object: read in, default, check, own, count, store.

All of it is synchronous: nothing can come between reading the live object and storing the new one.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from devcluster.kinds import builtin_validation, defaults
from devcluster.kinds.crd_default_validation import default_problems
from devcluster.kinds.kinds import Kind, Kinds
from devcluster.kinds.validation_rules import NOT_EVALUATED, RuleEvaluator, has_rules, rule_problems
from devcluster.machinery import managed_fields, metadata, structural
from devcluster.machinery.errors import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    invalid,
    not_found,
    stale,
)
from devcluster.machinery.managed_fields import Owner, Owners
from devcluster.machinery.typed import TypedError
from devcluster.registry import admission, identity
from devcluster.registry.decode import Options, read_in
from devcluster.registry.scale import path_problems
from devcluster.registry.strategy import SYSTEM_SET, count, ignored_fields, kept, now, set_owners, unchanged
from devcluster.storage.memory import Manifest, Memory


class Writes:
    """The write paths over a memory. Without `rules`, the CEL rules of CRDs are not evaluated."""

    def __init__(self, memory: Memory, kinds: Kinds, rules: RuleEvaluator | None = None) -> None:
        self.memory = memory
        self.kinds = kinds
        self.rules = rules
        self.allocations = admission.Allocations(memory)
        self.after_write: list[Callable[[Kind, Manifest], None]] = []

    # ---- reading

    def live(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """The stored object as this version shows it. Raises 404."""
        found = self.memory.get(kind.resource, namespace, name)
        if found is None:
            raise not_found(kind.plural, kind.group, name)
        return self.as_version(kind, found)

    def as_version(self, kind: Kind, manifest: Manifest) -> Manifest:
        """In the kind's version, with the defaults that its schema has got since the object was stored."""
        if manifest["apiVersion"] != kind.api_version:
            manifest = admission.converted(manifest, kind.api_version)
        if int(manifest["metadata"]["resourceVersion"]) < kind.since:
            manifest = copy.deepcopy(manifest)
            structural.fill(manifest, kind.shape())
        return manifest

    # ---- the four ways to write

    def create(self, kind: Kind, namespace: str, body: Manifest, options: Options) -> Manifest:
        body = identity.identified(kind, body)
        given = body.get("metadata") or {}
        if not isinstance(given, dict):
            raise bad_request("the object's metadata is no mapping")
        if given.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        dropped = (*SYSTEM_SET, "managedFields", "resourceVersion")
        meta = {key: value for key, value in given.items() if key not in dropped}
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = metadata.generated(meta["generateName"])
        return self._insert(kind, {**body, "metadata": identity.placed(kind, namespace, meta)}, options, None)

    def replace(
        self, kind: Kind, namespace: str, name: str, body: Manifest, options: Options, subresource: str = ""
    ) -> Manifest:
        body = identity.identified(kind, body)
        meta = body.get("metadata") or {}
        identity.check_name(meta.get("name"), name)
        meta = identity.placed(kind, namespace, meta)
        live = self.live(kind, namespace, name)
        if kind.custom is not None and not meta.get("resourceVersion"):
            cause = metadata.invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(kind.plural, kind.group, name, [cause])
        return self._update(kind, live, {**body, "metadata": meta}, options, subresource)

    def modify(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        change: Callable[[Manifest], Manifest],
        options: Options,
        subresource: str = "",
    ) -> Manifest:
        """A patch: `change` makes the new object out of the live one."""
        live = self.live(kind, namespace, name)
        new = change(live)
        if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
            raise bad_request("the patch leaves no object")
        new = identity.identified(kind, new)
        identity.check_name(new["metadata"].get("name"), name)
        return self._update(kind, live, new, options, subresource)

    def apply(
        self, kind: Kind, namespace: str, name: str, body: Manifest, options: Options, subresource: str = ""
    ) -> tuple[Manifest, bool]:
        """Server-side apply. Returns the object and whether it was created."""
        given = identity.check_applied(kind, namespace, name, body)
        body = {**body, "metadata": given}
        found = self.memory.get(kind.resource, namespace, name)
        if found is None and subresource:
            raise not_found(kind.plural, kind.group, name)
        self._check_applied_uid(kind, found, given)
        owner = Owner(options.manager, "Apply", kind.api_version, subresource)
        if found is None:
            base: Manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {}}
            merged, held = self._apply(kind, base, {}, owner, body, options, subresource)
            dropped = (*SYSTEM_SET, "resourceVersion")
            meta = {key: value for key, value in merged["metadata"].items() if key not in dropped}
            meta = identity.placed(kind, namespace, meta)
            return self._insert(kind, {**merged, "metadata": meta}, options, held), True
        live = self.as_version(kind, found)
        there = managed_fields.read(live["metadata"])
        merged, held = self._apply(kind, live, there, owner, body, options, subresource)
        return self._update(kind, live, merged, options, subresource, held), False

    def _check_applied_uid(self, kind: Kind, found: Manifest | None, given: Manifest) -> None:
        uid = given.get("uid")
        if uid and (found is None or found["metadata"]["uid"] != uid):
            cause = metadata.invalid_value("metadata.uid", uid, "field is immutable")
            raise invalid(kind.kind, kind.group, given["name"], [cause, cause])

    # ---- shared steps

    def _apply(
        self,
        kind: Kind,
        live: Manifest,
        there: Owners,
        owner: Owner,
        body: Manifest,
        options: Options,
        subresource: str,
    ) -> tuple[Manifest, Owners]:
        ignored = ignored_fields(kind, subresource)
        try:
            return managed_fields.applied(
                there, owner, live, body, kind.shape(), ignored=ignored, force=options.force, now=now()
            )
        except TypedError as problem:
            meta = body.get("metadata") or {}
            where = (
                f"{meta.get('namespace') or ''}/{meta.get('name')}; "
                f"{identity.spelled(kind.api_version, kind.kind)}"
            )
            message = f"failed to create typed patch object ({where}): {problem}"
            raise ApiError(500, "", message) from None

    def _insert(self, kind: Kind, body: Manifest, options: Options, held: Owners | None) -> Manifest:
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
        new = read_in(kind, {**body, "metadata": meta}, options)
        self._check(kind, new, None, "")
        self._warn(kind, new, options)
        there = self.memory.get(kind.resource, meta.get("namespace", ""), name)
        if there is not None:
            raise self._taken(kind, there)
        admission.on_create(kind, new)
        if held is None:
            owner = Owner(options.manager, "Update", kind.api_version)
            base: Manifest = {"metadata": {}} | (defaults.zero(kind.kind) if kind.custom is None else {})
            held = managed_fields.updated(
                {}, owner, base, new, kind.shape(), ignored=ignored_fields(kind, ""), now=now()
            )
        set_owners(new, held)
        admission.allocate(kind, None, new, self.allocations)
        if options.dry_run:
            return new
        stored = self.memory.put(kind.resource, new)
        self._told(kind, stored)
        return stored

    def _taken(self, kind: Kind, there: Manifest) -> ApiError:
        name = there["metadata"]["name"]
        error = already_exists(kind.plural, kind.group, name)
        if there["metadata"].get("deletionTimestamp"):
            error.message = f"object is being deleted: {error.message}"
        return error

    def _update(
        self,
        kind: Kind,
        live: Manifest,
        body: Manifest,
        options: Options,
        subresource: str,
        held: Owners | None = None,
    ) -> Manifest:
        name = live["metadata"]["name"]
        given = body["metadata"]
        if given.get("uid") not in (None, "", live["metadata"]["uid"]):
            why = (
                f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: "
                f"{live['metadata']['uid']}"
            )
            raise conflict(kind.plural, kind.group, name, why)
        if given.get("resourceVersion") not in (None, "", live["metadata"]["resourceVersion"]):
            raise stale(kind.plural, kind.group, name)
        new = read_in(kind, kept(kind, live, body, subresource), options)
        admission.on_update(kind, live, new)
        count(kind, live, new)
        if held is None:
            held = self._owned_after_update(kind, live, given, new, options, subresource)
        admission.allocate(kind, live, new, self.allocations)
        self._check(kind, new, live, subresource)
        self._warn(kind, new, options)
        set_owners(new, held)
        if unchanged(live, new):
            return live
        return self._store(kind, live, new, options)

    def _owned_after_update(
        self, kind: Kind, live: Manifest, given: Manifest, new: Manifest, options: Options, subresource: str
    ) -> Owners:
        there = managed_fields.read(live["metadata"])
        if "managedFields" in given and given["managedFields"] != live["metadata"].get("managedFields"):
            there = managed_fields.read(given)
        owner = Owner(options.manager, "Update", kind.api_version, subresource)
        ignored = ignored_fields(kind, subresource)
        return managed_fields.updated(there, owner, live, new, kind.shape(), ignored=ignored, now=now())

    def _check(self, kind: Kind, new: Manifest, live: Manifest | None, subresource: str) -> None:
        found = metadata.problems(new, kind.kind) if live is None else metadata.change_problems(live, new)
        if live is not None and not found and not subresource:
            found = metadata.problems(new, kind.kind)
        if kind.custom is None:
            if not found or live is None:
                found = found + builtin_validation.problems(kind.group, new, live, subresource)
            if not found and kind.kind == "CustomResourceDefinition":
                found = default_problems(new, self.rules)
        else:
            found = found + self._custom_problems(kind, new, live, subresource)
        if found:
            raise invalid(kind.kind, kind.group, new["metadata"].get("name", ""), found)

    def _warn(self, kind: Kind, new: Manifest, options: Options) -> None:
        if self.rules is None and kind.kind == "CustomResourceDefinition" and has_rules(new):
            options.warnings.append(NOT_EVALUATED)

    def _custom_problems(
        self, kind: Kind, new: Manifest, live: Manifest | None, subresource: str
    ) -> list[Any]:
        found = path_problems(kind, new)
        schema = structural.problems(new, kind.shape(), subresource)
        found += schema
        if not schema and self.rules is not None:
            found += rule_problems(self.rules, kind.shape(), new, live)
        return found

    def _store(self, kind: Kind, live: Manifest, new: Manifest, options: Options) -> Manifest:
        meta = new["metadata"]
        finished = live["metadata"].get("deletionTimestamp") and not meta.get("finalizers")
        if finished and kind.resource == "namespaces" and (new.get("spec") or {}).get("finalizers"):
            finished = False
        if finished and not live["metadata"].get("deletionGracePeriodSeconds"):
            if not options.dry_run:
                self.remove(kind, live)
            return {**new, "metadata": {**meta, "resourceVersion": live["metadata"]["resourceVersion"]}}
        if options.dry_run:
            return {**new, "metadata": {**meta, "resourceVersion": live["metadata"]["resourceVersion"]}}
        stored = self.memory.put(kind.resource, new)
        self._told(kind, stored)
        return stored

    def remove(self, kind: Kind, live: Manifest) -> Manifest:
        """Take an object out for good. Returns it with the version of its deletion."""
        last = self.memory.remove(kind.resource, live)
        self._told(kind, last)
        return last

    def _told(self, kind: Kind, manifest: Manifest) -> None:
        for hook in self.after_write:
            hook(kind, manifest)

    # ---- deletion

    def mark_deleted(self, kind: Kind, live: Manifest, finalizers: list[str], grace: int) -> Manifest:
        """Give a living object its deletionTimestamp and these finalizers."""
        meta = {**live["metadata"], "deletionTimestamp": now(), "deletionGracePeriodSeconds": grace}
        if grace:
            later = datetime.now(UTC).timestamp() + grace
            meta["deletionTimestamp"] = datetime.fromtimestamp(later, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if finalizers:
            meta["finalizers"] = finalizers
        if "generation" in meta:
            meta["generation"] += 1
        stored = self.memory.put(kind.resource, {**live, "metadata": meta})
        self._told(kind, stored)
        return stored

    def rewrite(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Store what the server itself changed in a copy of a live object, without asking anybody."""
        stored = self.memory.put(kind.resource, manifest)
        self._told(kind, stored)
        return stored
