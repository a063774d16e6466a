"""Accessors for manifests: names, owners, labels, conditions. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from contracts.documents.api_versions import group_of

Manifest = Mapping[str, Any]
Identity = tuple[str, str, str, str]  # group, kind, namespace, name


class Reference(NamedTuple):
    """Names one object of a cluster; ``namespace`` is empty for cluster-scoped kinds."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        return group_of(self.api_version)

    @property
    def group_kind(self) -> str:
        """``Kind.group``, or ``Kind`` for the core group, as ApplySet annotations write it (KEP-3659)."""
        return group_kind(self.group, self.kind)

    @property
    def identity(self) -> Identity:
        """Equal for two references to the same object: the version does not count."""
        return (self.group, self.kind, self.namespace, self.name)

    @property
    def display_name(self) -> str:
        """For messages: ``Deployment checkout/api``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def group_kind(group: str, kind: str) -> str:
    return f"{kind}.{group}" if group else kind


def metadata_of(obj: Manifest) -> Mapping[str, Any]:
    return obj.get("metadata") or {}


def reference_to(obj: Manifest) -> Reference:
    """The reference of a complete manifest. Raises ``KeyError`` when apiVersion, kind or name is missing."""
    return Reference(obj["apiVersion"], obj["kind"], namespace_of(obj), str(metadata_of(obj)["name"]))


def name_of(obj: Manifest) -> str:
    return str(metadata_of(obj).get("name") or "")


def namespace_of(obj: Manifest) -> str:
    return str(metadata_of(obj).get("namespace") or "")


def uid_of(obj: Manifest) -> str:
    return str(metadata_of(obj).get("uid") or "")


def version_of(obj: Manifest) -> str:
    """The resourceVersion."""
    return str(metadata_of(obj).get("resourceVersion") or "")


def head_of(obj: Manifest) -> dict[str, Any]:
    """The head of an apply to exactly this object: because of its uid, it never creates another one."""
    metadata = metadata_of(obj)
    named = {key: metadata[key] for key in ("name", "namespace", "uid") if key in metadata}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": named}


def generation_of(obj: Manifest) -> int:
    return int(metadata_of(obj).get("generation") or 0)


def labels_of(obj: Manifest) -> Mapping[str, str]:
    return metadata_of(obj).get("labels") or {}


def annotations_of(obj: Manifest) -> Mapping[str, str]:
    return metadata_of(obj).get("annotations") or {}


def finalizers_of(obj: Manifest) -> list[str]:
    return list(metadata_of(obj).get("finalizers") or ())


def is_deleting(obj: Manifest) -> bool:
    return bool(metadata_of(obj).get("deletionTimestamp"))


def condition_of(obj: Manifest, kind: str) -> Mapping[str, Any] | None:
    """The condition of this type in the object's status, if any."""
    status = obj.get("status")
    conditions = status.get("conditions") if isinstance(status, Mapping) else None
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, Mapping) and condition.get("type") == kind:
            return condition
    return None


def controller_of(obj: Manifest) -> Mapping[str, Any] | None:
    """The owner reference with ``controller: true``, if any."""
    for reference in metadata_of(obj).get("ownerReferences") or ():
        if reference.get("controller"):
            found: Mapping[str, Any] = reference
            return found
    return None


def is_newer(version: str, than: str) -> bool:
    """Whether one resourceVersion of a kind is later than another.

    Versions of one kind are ordered integers on every known API server (apimachinery's ``resourceversion``
    package compares them as such). Any other version counts as newer: an unknown order must not hide an
    update.
    """
    if not (version.isdigit() and than.isdigit()):
        return version != than
    return int(version) > int(than)
