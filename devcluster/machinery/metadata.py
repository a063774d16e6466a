"""The rules for metadata that all kinds share: names, labels, owners, finalizers and immutable fields."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import orjson

from devcluster.machinery.errors import Cause
from devcluster.machinery.names import (
    label_key_problems,
    label_value_problems,
    namespace_problems,
    path_segment_problems,
    service_problems,
    subdomain_problems,
)

Manifest = dict[str, Any]
Check = Callable[[str, bool], list[str]]

SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
NAME_CHECKS: dict[str, Check] = {
    "Namespace": namespace_problems,
    "Service": service_problems,
    "Role": path_segment_problems,
    "RoleBinding": path_segment_problems,
    "ClusterRole": path_segment_problems,
    "ClusterRoleBinding": path_segment_problems,
}
MAX_ANNOTATION_BYTES = 256 * 1024


def generated(prefix: str) -> str:
    """A name from a generateName: at most 63 characters, five of them random."""
    return prefix[:58] + "".join(secrets.choice(SUFFIX_LETTERS) for _ in range(5))


def invalid_value(field: str, value: Any, why: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {quoted(value)}: {why}", field)


def forbidden(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value: {why}" if why else "Required value", field)


def unsupported(field: str, value: Any, supported: list[str]) -> Cause:
    listed = ", ".join(f'"{option}"' for option in supported)
    return Cause(
        "FieldValueNotSupported", f"Unsupported value: {quoted(value)}: supported values: {listed}", field
    )


def quoted(value: Any) -> str:
    """A value as messages quote it."""
    return orjson.dumps(value).decode()


def problems(manifest: Manifest, kind: str) -> list[Cause]:
    """The problems of an object's metadata, apart from changes."""
    metadata = manifest["metadata"]
    check = NAME_CHECKS.get(kind, subdomain_problems)
    found: list[Cause] = []
    if metadata.get("generateName"):
        prefix = metadata["generateName"]
        found += [invalid_value("metadata.generateName", prefix, why) for why in check(prefix, True)]
    name = metadata.get("name", "")
    if not name:
        found.append(required("metadata.name", "name or generateName is required"))
    else:
        found += [invalid_value("metadata.name", name, why) for why in check(name, False)]
    found += _owner_problems(metadata.get("ownerReferences") or [])
    found += label_causes(metadata.get("labels") or {}, "metadata.labels")
    found += annotation_causes(metadata.get("annotations") or {}, "metadata.annotations")
    found += _finalizer_problems(metadata.get("finalizers") or [])
    return found


def label_causes(labels: Manifest, field: str) -> list[Cause]:
    found = []
    for key, value in labels.items():
        found += [invalid_value(field, key, why) for why in label_key_problems(key)]
        found += [invalid_value(f"{field}", value, why) for why in label_value_problems(value)]
    return found


def annotation_causes(annotations: Manifest, field: str) -> list[Cause]:
    found = []
    for key in annotations:
        found += [invalid_value(field, key, why) for why in label_key_problems(key.lower())]
    if (
        sum(len(key.encode()) + len(str(value).encode()) for key, value in annotations.items())
        > MAX_ANNOTATION_BYTES
    ):
        found.append(
            Cause(
                "FieldValueTooLong",
                f"Too long: may not be more than {MAX_ANNOTATION_BYTES} bytes",
                field,
            )
        )
    return found


def _finalizer_problems(finalizers: list[str]) -> list[Cause]:
    found = []
    for name in finalizers:
        found += [invalid_value("metadata.finalizers", name, why) for why in label_key_problems(name)]
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        why = "finalizer orphan and foregroundDeletion cannot be both set"
        found.append(invalid_value("metadata.finalizers", finalizers, why))
    return found


def _owner_problems(references: list[Manifest]) -> list[Cause]:
    found = []
    field = "metadata.ownerReferences"
    for reference in references:
        if not reference.get("apiVersion"):
            found.append(invalid_value(f"{field}.apiVersion", "", "version must not be empty"))
        for key in ("kind", "name", "uid"):
            if not reference.get(key):
                found.append(invalid_value(f"{field}.{key}", reference.get(key) or "", "must not be empty"))
    controllers = [reference for reference in references if reference.get("controller")]
    if len(controllers) > 1:
        first, second = (f"{one.get('kind')}/{one.get('name')}" for one in controllers[:2])
        why = (
            'Only one reference can have Controller set to true. Found "true" in references for '
            f"{first} and {second}"
        )
        order = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
        listed = [{key: one[key] for key in order if key in one} for one in references]
        found.append(invalid_value(field, listed, why))
    return found


def change_problems(live: Manifest, new: Manifest) -> list[Cause]:
    """The problems of a change of metadata."""
    before, after = live["metadata"], new["metadata"]
    found = []
    added = [name for name in after.get("finalizers") or () if name not in (before.get("finalizers") or ())]
    if before.get("deletionTimestamp") and added:
        listed = ", ".join(f'"{name}"' for name in added)
        why = (
            "no new finalizers can be added if the object is being deleted, found new finalizers "
            f"[]string{{{listed}}}"
        )
        found += [forbidden("metadata.finalizers", why)] * 2
    if after.get("deletionTimestamp") != before.get("deletionTimestamp"):
        found += [
            invalid_value("metadata.deletionTimestamp", after["deletionTimestamp"], "field is immutable")
        ] * 2
    for key in ("name", "namespace", "uid", "creationTimestamp"):
        if after.get(key) != before.get(key):
            found.append(invalid_value(f"metadata.{key}", after.get(key), "field is immutable"))
    return found
