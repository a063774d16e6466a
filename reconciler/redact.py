"""A live object as users may see it: without secret values and managed fields. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from reconciler.objects.accessors import Manifest, metadata_of

# An annotation that repeats the whole object, including the values of a Secret.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def redact(live: Manifest) -> dict[str, Any]:
    """Without managed fields; the values of a Secret are replaced by their sizes."""
    metadata = {key: value for key, value in metadata_of(live).items() if key != "managedFields"}
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED
    }
    if annotations:
        metadata["annotations"] = annotations
    else:
        metadata.pop("annotations", None)
    result = {**live, "metadata": metadata}
    if live.get("kind") == "Secret" and live.get("apiVersion") == "v1":
        for field in ("data", "stringData"):
            if isinstance(live.get(field), Mapping):
                result[field] = {key: size_of(value, field) for key, value in live[field].items()}
    return result


def size_of(value: Any, field: str) -> str:
    """``set, 12 bytes``."""
    try:
        size = len(base64.b64decode(value)) if field == "data" else len(str(value).encode())
    except (binascii.Error, TypeError, ValueError):
        size = len(str(value))
    return f"set, {size} byte{'' if size == 1 else 's'}" if size else "empty"
