"""Tables for `kubectl get`: columns and rows, from the printers or from the CRD of a custom kind."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`include` is None, Metadata or Object; `columns` is False for later events of a watch."""

    include: str
    version: str
    columns: bool = True


def table(kind: Kind, manifests: list[Manifest], meta: Manifest, options: TableOptions) -> Manifest:
    """A Table of these objects."""
    columns, cells = _columns(kind)
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{options.version}",
        "metadata": meta,
        "columnDefinitions": columns if options.columns else None,
        "rows": [{"cells": cells(one), **_row_object(one, options)} for one in manifests],
    }


def _row_object(manifest: Manifest, options: TableOptions) -> Manifest:
    if options.include == "None":
        return {}
    return {"object": manifest if options.include == "Object" else partial(manifest, options.version)}


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
        return value if isinstance(value, str) else _as_json(value)
    return value if isinstance(value, int | float) else None


def _as_json(value: Any) -> str:
    return orjson.dumps(value).decode()
