"""Tables: the rows and columns that `kubectl get` prints, for built-in kinds by our printers, for custom
ones by their CRD.
"""

from __future__ import annotations

from typing import Any

import orjson

from devcluster.http.printers import described, printer
from devcluster.http.printers.ages import age
from devcluster.kinds.kinds import Kind
from devcluster.machinery.jsonpath import find
from devcluster.storage.memory import Manifest


def column(
    name: str, kind: str = "string", description: str = "", *, form: str = "", wide: bool = False
) -> Manifest:
    return {
        "name": name,
        "type": kind,
        "format": form,
        "description": description,
        "priority": 1 if wide else 0,
    }


def name_column() -> Manifest:
    return column("Name", "string", described("meta.v1.ObjectMeta:name"), form="name")


def table(
    kind: Kind, manifests: list[Manifest], meta: Manifest, include: str, version: str, *, columns: bool = True
) -> Manifest:
    """A Table of these objects. `include` is None, Metadata or Object; without `columns` it is a later
    event of a watch.
    """
    definitions_, cells = _columns(kind)
    rows = [{"cells": cells(one), "object": _row_object(one, include, version)} for one in manifests]
    for row in rows:
        if include == "None":
            del row["object"]
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": meta,
        "columnDefinitions": definitions_ if columns else None,
        "rows": rows,
    }


def _row_object(manifest: Manifest, include: str, version: str) -> Manifest | None:
    if include == "Object":
        return manifest
    return partial(manifest, version)


def partial(manifest: Manifest, version: str = "v1") -> Manifest:
    """PartialObjectMetadata of an object."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": manifest["metadata"],
    }


def _columns(kind: Kind) -> tuple[list[Manifest], Any]:
    if kind.custom is not None:
        return _custom_columns(kind)
    return printer(kind)


def _custom_columns(kind: Kind) -> tuple[list[Manifest], Any]:
    assert kind.custom is not None
    wanted = kind.custom.get("additionalPrinterColumns") or [
        {
            "name": "Age",
            "type": "date",
            "description": described("meta.v1.ObjectMeta:creationTimestamp"),
            "jsonPath": ".metadata.creationTimestamp",
        }
    ]
    shown = [name_column()]
    for entry in wanted:
        text = (
            entry.get("description")
            or f"Custom resource definition column (in JSONPath format): {entry['jsonPath']}"
        )
        one = column(entry["name"], entry["type"], text, form=entry.get("format", ""))
        shown.append({**one, "priority": entry.get("priority", 0)})

    def cells(manifest: Manifest) -> list[Any]:
        return [manifest["metadata"]["name"], *(_custom_cell(manifest, entry) for entry in wanted)]

    return shown, cells


def _custom_cell(manifest: Manifest, entry: Manifest) -> Any:
    found = find(manifest, entry["jsonPath"])
    if not found or found[0] is None:
        return None
    value = found[0]
    if entry["type"] == "date":
        return age(value) if isinstance(value, str) else "<invalid>"
    if entry["type"] == "string":
        return value if isinstance(value, str) else _text(value)
    return value if isinstance(value, int | float) else None


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
