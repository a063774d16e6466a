"""Renders objects and lists as the client accepts them: plain, Table or metadata only; JSON or YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import orjson
import yaml
from aiohttp import web

from devcluster.http import tables
from devcluster.http.negotiation import Media, choose
from devcluster.http.tables import TableOptions
from devcluster.kinds.kinds import Kind
from devcluster.storage.memory import Manifest

FORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders objects in the accepted form. `include` (Tables) is None, Metadata or Object."""

    media: Media
    include: str

    @classmethod
    def of(cls, request: web.Request) -> Renderer:
        """Raises 406 if the client accepts no form that can be served."""
        media = choose(request.headers.get("Accept", ""), FORMS)
        return cls(media, request.query.get("includeObject", "Metadata"))

    @property
    def _table_options(self) -> TableOptions:
        return TableOptions(self.include, self.media.form[2])

    def one(self, kind: Kind, manifest: Manifest) -> Manifest:
        form, _, version = self.media.form
        if form == "Table":
            return tables.table(kind, [manifest], _table_metadata(manifest), self._table_options)
        if form == "PartialObjectMetadata":
            return tables.partial(manifest, version)
        return manifest

    def many(self, kind: Kind, found: list[Manifest], meta: Manifest) -> Manifest:
        form, _, version = self.media.form
        if form == "Table":
            return tables.table(kind, found, meta, self._table_options)
        if form:
            return {
                "kind": "PartialObjectMetadataList",
                "apiVersion": f"meta.k8s.io/{version}",
                "metadata": meta,
                "items": [tables.partial(one, version) for one in found],
            }
        return list_of(kind, found, meta)

    def for_watch(self, kind: Kind) -> Callable[[Manifest], Manifest] | None:
        """Renders the objects of events; None if they are sent as they are."""
        form, _, version = self.media.form
        if form == "PartialObjectMetadata":
            return lambda manifest: tables.partial(manifest, version)
        if form != "Table":
            return None
        options = [self._table_options]  # only the first Table has columns

        def as_table(manifest: Manifest) -> Manifest:
            rendered = tables.table(kind, [manifest], _table_metadata(manifest), options[0])
            options[0] = replace(options[0], columns=False)
            return rendered

        return as_table


def _table_metadata(manifest: Manifest) -> Manifest:
    return {"resourceVersion": manifest["metadata"].get("resourceVersion", "")}


def answered(
    manifest: Manifest, media: Media, status: int = 200, warnings: Iterable[str] = ()
) -> web.Response:
    response = encoded(manifest, media.name, status)
    for warning in dict.fromkeys(warnings):
        text = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{text}"')
    return response


def list_of(kind: Kind, found: list[Manifest], meta: Manifest) -> Manifest:
    """A list; the items of built-in kinds have no kind and apiVersion of their own."""
    if kind.custom is not None:
        meta = {"continue": "", **meta}
        return {"apiVersion": kind.api_version, "items": found, "kind": kind.list_kind, "metadata": meta}
    items = [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")} for one in found]
    return {"kind": kind.list_kind, "apiVersion": kind.api_version, "metadata": meta, "items": items}


def encoded(
    found: Manifest, media: str, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    if media == "application/yaml":
        body = yaml.safe_dump(found, sort_keys=True, allow_unicode=True).encode()
    else:
        body = orjson.dumps(found)
    return web.Response(body=body, status=status, headers={**(headers or {}), "Content-Type": media})
