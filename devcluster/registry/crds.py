"""CustomResourceDefinitions: accepts their names, serves their kinds, deletes their objects with them."""

from __future__ import annotations

import asyncio
import copy
from functools import partial
from typing import Any

from devcluster.kinds.kinds import CUSTOM_VERBS, READ_WRITE, Kind, Kinds, Subresource
from devcluster.machinery import managed_fields
from devcluster.machinery.schema import Shape, custom_shape
from devcluster.registry.deletion import CLEAN_UP as FINALIZER
from devcluster.registry.deletion import DEFINITIONS as RESOURCE
from devcluster.registry.deletion import delete
from devcluster.registry.requests import DeleteOptions, target_of
from devcluster.registry.strategy import now, set_owners
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Manifest

MANAGER = "kube-apiserver"


def kinds_of(definition: Manifest) -> list[Kind]:
    """The kinds of the served versions of a CRD."""
    spec = definition["spec"]
    names = spec["names"]
    storage = next((version["name"] for version in spec["versions"] if version.get("storage")), "")
    found = []
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        found.append(
            Kind(
                group=spec["group"],
                version=version["name"],
                kind=names["kind"],
                plural=names["plural"],
                singular=names.get("singular") or names["kind"].lower(),
                list_kind=names.get("listKind") or f"{names['kind']}List",
                namespaced=spec["scope"] == "Namespaced",
                shape=partial(_same, custom_shape(copy.deepcopy(schema))),
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                verbs=CUSTOM_VERBS,
                subresources=_subresources(version, names["kind"]),
                custom=version,
                definition=definition["metadata"]["name"],
                storage_version=storage,
                since=int(definition["metadata"].get("resourceVersion") or 0),
            )
        )
    return found


def _same(shape: Shape) -> Shape:
    return shape


def _subresources(version: Manifest, kind: str) -> dict[str, Subresource]:
    found = {}
    wanted = version.get("subresources") or {}
    if "status" in wanted:
        found["status"] = Subresource("status", kind, READ_WRITE)
    if "scale" in wanted:
        found["scale"] = Subresource("scale", "autoscaling/v1/Scale", READ_WRITE)
    return found


class Definitions:
    """Runs after each write of a CRD: accepts its names, and serves or withdraws its kinds."""

    def __init__(self, writes: Writes) -> None:
        self.writes = writes
        self.kinds: Kinds = writes.kinds
        self._kind = self.kinds.of_resource(RESOURCE)
        writes.after_write.append(self._written)

    def restore(self) -> None:
        """Serve the kinds of the stored CRDs, and finish what an earlier process had begun."""
        definitions = self.writes.memory.list(RESOURCE)
        for definition in definitions:
            if established(definition):
                self.kinds.serve(definition["metadata"]["name"], kinds_of(definition))
        for definition in definitions:
            name = definition["metadata"]["name"]
            if definition["metadata"].get("deletionTimestamp"):
                self._delete_objects(name)
            elif not established(definition) or accepted_names_are_outdated(definition):
                self._establish(name)

    def _written(self, kind: Kind, manifest: Manifest) -> None:
        if kind.resource == RESOURCE:
            self._reconcile(manifest["metadata"]["name"])
            self._retry_conflicts(manifest)
        elif kind.definition:
            self._finish_removal(kind.definition)

    def _reconcile(self, name: str) -> None:
        definition = self.writes.memory.get(RESOURCE, "", name)
        if definition is None:
            self.kinds.withdraw(name)
        elif definition["metadata"].get("deletionTimestamp"):
            self._begin_removal(definition)
        elif not established(definition) or accepted_names_are_outdated(definition):
            asyncio.get_running_loop().call_soon(self._establish, name)
        else:
            self.kinds.serve(name, kinds_of(definition))

    def _retry_conflicts(self, written: Manifest) -> None:
        """A written or deleted CRD may have released names that others of its group wait for."""
        name, group = written["metadata"]["name"], written["spec"]["group"]
        for other in self.writes.memory.list(RESOURCE):
            if other["spec"]["group"] == group and other["metadata"]["name"] != name and in_conflict(other):
                asyncio.get_running_loop().call_soon(self._establish, other["metadata"]["name"])

    def _establish(self, name: str) -> None:
        definition = self.writes.memory.get(RESOURCE, "", name)
        if definition is None or definition["metadata"].get("deletionTimestamp"):
            return
        conflict = self._name_conflict(definition)
        conditions = [
            condition(
                "NamesAccepted",
                "False" if conflict else "True",
                "NamesConflict" if conflict else "NoConflicts",
                conflict or "no conflicts found",
            ),
        ]
        if not conflict:
            conditions.append(
                condition(
                    "Established", "True", "InitialNamesAccepted", "the initial names have been accepted"
                )
            )
        else:
            conditions.append(condition("Established", "False", "NotAccepted", "not all names are accepted"))
        status = {**definition["status"], "conditions": _merged(definition, conditions)}
        if not conflict:
            status["acceptedNames"] = definition["spec"]["names"]
        stored = [version["name"] for version in definition["spec"]["versions"] if version.get("storage")]
        status["storedVersions"] = list(dict.fromkeys([*(status.get("storedVersions") or ()), *stored]))
        self._write_status(definition, status)

    def _name_conflict(self, definition: Manifest) -> str:
        """A message about a name that another kind of the group already uses, or an empty string."""
        spec = definition["spec"]
        names = spec["names"]
        for kind in self.kinds:
            if kind.group != spec["group"] or kind.definition == definition["metadata"]["name"]:
                continue
            for label, name in (("plural", kind.plural), ("singular", kind.singular)):
                if names.get(label) == name:
                    return f'"{name}" is already in use'
            if names["kind"] == kind.kind or names.get("listKind") == kind.list_kind:
                return f'"{names["kind"]}" is already in use'
            shared = set(names.get("shortNames") or ()) & set(kind.short_names)
            if shared:
                return f'"{min(shared)}" is already in use'
        return ""

    def _write_status(self, definition: Manifest, status: Manifest) -> None:
        assert self._kind is not None
        if status == definition["status"]:
            return
        new = {**definition, "metadata": dict(definition["metadata"]), "status": status}
        owner = managed_fields.Owner(MANAGER, "Update", self._kind.api_version, "status")
        write = managed_fields.FieldWrite(owner, self._kind.shape(), ignored={}, now=now())
        owners = managed_fields.read(definition["metadata"])
        set_owners(new, managed_fields.updated(owners, write, definition, new))
        self.writes.rewrite(self._kind, new)

    # ---- removal

    def _begin_removal(self, definition: Manifest) -> None:
        name = definition["metadata"]["name"]
        kind = self._served(name)
        if FINALIZER not in (definition["metadata"].get("finalizers") or ()):
            return
        left = self.writes.memory.list(kind.resource) if kind else []
        if left and not terminating(definition):
            asyncio.get_running_loop().call_soon(self._delete_objects, name)
        elif not left:
            asyncio.get_running_loop().call_soon(self._finish_removal, name)

    def _delete_objects(self, name: str) -> None:
        definition = self.writes.memory.get(RESOURCE, "", name)
        kind = self._served(name)
        left = self.writes.memory.list(kind.resource) if kind else []
        if definition is not None and left and not terminating(definition):
            entry = condition(
                "Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress"
            )
            conditions = [*(definition["status"].get("conditions") or ()), entry]
            self._write_status(definition, {**definition["status"], "conditions": conditions})
        for manifest in left:
            if kind is not None and not manifest["metadata"].get("deletionTimestamp"):
                delete(self.writes, target_of(kind, manifest), DeleteOptions())
        self._finish_removal(name)

    def _served(self, name: str) -> Kind | None:
        return next((kind for kind in self.kinds if kind.definition == name), None)

    def _finish_removal(self, name: str) -> None:
        """Remove a terminating CRD once its last object is removed."""
        definition = self.writes.memory.get(RESOURCE, "", name)
        if definition is None or not definition["metadata"].get("deletionTimestamp"):
            return
        kind = self._served(name)
        if kind is not None and self.writes.memory.table(kind.resource).objects:
            return
        assert self._kind is not None
        meta = dict(definition["metadata"])
        left = [entry for entry in meta.pop("finalizers", ()) if entry != FINALIZER]
        if kind is not None:
            self.kinds.withdraw(name)
        if left:
            self.writes.rewrite(self._kind, {**definition, "metadata": {**meta, "finalizers": left}})
        else:
            self.writes.remove(self._kind, definition)


def established(definition: Manifest) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return any(entry["type"] == "Established" and entry["status"] == "True" for entry in conditions)


def in_conflict(definition: Manifest) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return any(entry["type"] == "NamesAccepted" and entry["status"] == "False" for entry in conditions)


def terminating(definition: Manifest) -> bool:
    return any(entry["type"] == "Terminating" for entry in definition["status"].get("conditions") or ())


def accepted_names_are_outdated(definition: Manifest) -> bool:
    return bool((definition["status"].get("acceptedNames") or {}) != definition["spec"]["names"])


def condition(kind: str, status: str, reason: str, message: str) -> Manifest:
    return {"type": kind, "status": status, "lastTransitionTime": now(), "reason": reason, "message": message}


def _merged(definition: Manifest, conditions: list[Manifest]) -> list[Any]:
    before = {entry["type"]: entry for entry in definition["status"].get("conditions") or ()}
    for entry in conditions:
        there = before.get(entry["type"])
        if there is not None and there["status"] == entry["status"]:
            entry["lastTransitionTime"] = there["lastTransitionTime"]
        before[entry["type"]] = entry
    return list(before.values())
