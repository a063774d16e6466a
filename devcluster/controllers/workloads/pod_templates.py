"""Pods from pod templates, and the hash of a template."""

from __future__ import annotations

import json
import zlib

from devcluster.controllers.framework.objects import Object, labels_of, name_of, owner_reference

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # the characters of generated names in Kubernetes


def hash_of(template: Object, collisions: int = 0) -> str:
    """The hash of a template, in the form of pod-template-hash."""
    text = json.dumps([template, collisions], sort_keys=True, separators=(",", ":"))
    number = zlib.crc32(text.encode())
    return "".join(ALPHABET[int(digit)] for digit in f"{number:010d}")


def pod_from(
    owner: Object, kind: str, template: Object, *, name: str = "", labels: dict[str, str] | None = None
) -> Object:
    """A pod with the metadata and spec of a template, and its owner."""
    meta = template.get("metadata") or {}
    metadata: Object = {
        "namespace": owner["metadata"]["namespace"],
        "labels": {**(meta.get("labels") or {}), **(labels or {})},
        "ownerReferences": [owner_reference(owner, kind)],
    }
    metadata |= {"name": name} if name else {"generateName": f"{name_of(owner)}-"}
    for copied in ("annotations", "finalizers"):
        if meta.get(copied):
            metadata[copied] = meta[copied]
    return {"metadata": metadata, "spec": template["spec"]}


def without_label(template: Object, label: str) -> Object:
    """The template without one label, for comparison with the template of the user."""
    meta = template.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != label}
    return {**template, "metadata": {**meta, "labels": labels}}


def with_label(template: Object, label: str, value: str) -> Object:
    meta = template.get("metadata") or {}
    return {**template, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), label: value}}}


def label_value(obj: Object, label: str) -> str:
    return labels_of(obj).get(label, "")
