"""Lists: the selected objects of a collection, in pages that are consistent with the first one."""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import bad_request, expired
from devcluster.machinery.selectors import (
    COMMON_FIELDS,
    SELECTABLE,
    FieldTerm,
    Requirement,
    fields_match,
    labels_match,
    parse_fields,
    parse_labels,
)
from devcluster.storage.memory import Manifest, Memory, object_key

SNAPSHOTS = 200
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You must start a new list without the continue parameter."
)


@dataclass(frozen=True, slots=True)
class Selection:
    """The objects that a list or watch selects."""

    namespace: str = ""
    labels: tuple[Requirement, ...] = ()
    fields: tuple[FieldTerm, ...] = ()

    @classmethod
    def of(cls, kind: Kind, namespace: str, query: Mapping[str, str]) -> Selection:
        """Parses the labelSelector and fieldSelector of a request. Raises ApiError 400."""
        return cls(
            namespace,
            parse_labels(query.get("labelSelector", "")),
            field_terms(kind, query.get("fieldSelector", "")),
        )

    def has(self, manifest: Manifest) -> bool:
        if self.namespace and manifest["metadata"].get("namespace") != self.namespace:
            return False
        return labels_match(self.labels, manifest) and fields_match(self.fields, manifest)


def field_terms(kind: Kind, text: str) -> tuple[FieldTerm, ...]:
    if not text:
        return ()
    name = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
    special = SELECTABLE.get(name, ())
    if kind.custom is not None:
        special = tuple(entry["jsonPath"].lstrip(".") for entry in kind.custom.get("selectableFields") or ())
    known = (*COMMON_FIELDS, *special)

    def unknown(path: str) -> str:
        if kind.custom is not None:
            return f"field label not supported: {path}"
        if special:
            return f"field label not supported: {path}"
        return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'

    return parse_fields(text, known, unknown)


class Pages:
    """The snapshots that later pages of a list come from."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._snapshots: OrderedDict[str, tuple[str, int, list[Manifest]]] = OrderedDict()

    def page(
        self, kind: Kind, selection: Selection, limit: int, token: str, exact: int | None = None
    ) -> tuple[list[Manifest], Manifest]:
        """The objects of one page and the metadata of the list.

        `exact` requests the list at this version. Raises 410 if it is not remembered.
        """
        if token:
            version, rest = self._resume(token, kind, selection)
        else:
            version = self._memory.version if exact is None else exact
            stored = self._memory.list(kind.resource) if exact is None else self._past(kind, exact)
            rest = [one for one in stored if selection.has(one)]
        meta: Manifest = {"resourceVersion": str(version)}
        if not limit or len(rest) <= limit:
            return rest, meta
        key = secrets.token_hex(8)
        self._snapshots[key] = (kind.resource, version, rest[limit:])
        while len(self._snapshots) > SNAPSHOTS:
            self._snapshots.popitem(last=False)
        content = orjson.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": key})
        meta["continue"] = base64.urlsafe_b64encode(content).decode().rstrip("=")
        if not selection.labels and not selection.fields:
            meta["remainingItemCount"] = len(rest) - limit
        return rest[:limit], meta

    def _past(self, kind: Kind, version: int) -> list[Manifest]:
        """The objects as they were at a version: the current ones with later changes undone."""
        table = self._memory.table(kind.resource)
        if version < table.forgotten:
            raise expired("The resourceVersion for the provided list is too old.")
        objects = dict(table.objects)
        for change in reversed(table.history):
            if change.version <= version:
                break
            if change.before is None:
                objects.pop(object_key(change.object), None)
            else:
                objects[object_key(change.object)] = change.before
        return [objects[key] for key in sorted(objects)]

    def _resume(self, token: str, kind: Kind, selection: Selection) -> tuple[int, list[Manifest]]:
        """The rest of a list. If the token belongs to another kind, the objects after the same name."""
        try:
            content = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            key = content["start"]
        except (ValueError, KeyError, TypeError):
            raise bad_request("continue key is not valid: illegal base64 data at input byte 0") from None
        found = self._snapshots.get(key)
        if found is None:
            raise expired(TOO_OLD)
        resource, version, rest = found
        if resource == kind.resource:
            return version, rest
        stored = self._memory.list(kind.resource)
        return version, [
            one for one in stored if selection.has(one) and object_key(one) >= object_key(rest[0])
        ]
