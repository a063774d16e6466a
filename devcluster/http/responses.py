"""Objects and lists in the form that the client accepts: plain, as tables or metadata alone; JSON or YAML."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import yaml
from aiohttp import web

from devcluster.http import tables
from devcluster.http.negotiation import Media
from devcluster.kinds.kinds import Kind
from devcluster.registry.decode import Options
from devcluster.storage.memory import Manifest

FORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


def listed(
    request: web.Request, kind: Kind, found: list[Manifest], meta: Manifest, media: Media
) -> web.Response:
    form, _, version = media.form
    if form == "Table":
        include = request.query.get("includeObject", "Metadata")
        return answered(tables.table(kind, found, meta, include, version), media)
    if form:
        items = [tables.partial(one, version) for one in found]
        listed = {
            "kind": "PartialObjectMetadataList",
            "apiVersion": f"meta.k8s.io/{version}",
            "metadata": meta,
            "items": items,
        }
        return answered(listed, media)
    return answered(list_of(kind, found, meta), media)


def shown(
    request: web.Request,
    kind: Kind,
    manifest: Manifest,
    media: Media,
    status: int = 200,
    options: Options | None = None,
) -> web.Response:
    form, _, version = media.form
    if form == "Table":
        include = request.query.get("includeObject", "Metadata")
        meta = {"resourceVersion": manifest["metadata"].get("resourceVersion", "")}
        manifest = tables.table(kind, [manifest], meta, include, version)
    elif form == "PartialObjectMetadata":
        manifest = tables.partial(manifest, version)
    return answered(manifest, media, status, options)


def answered(
    manifest: Manifest, media: Media, status: int = 200, options: Options | None = None
) -> web.Response:
    response = rendered(manifest, media.name, status)
    for warning in dict.fromkeys(options.warnings if options else ()):
        text = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{text}"')
    return response


def renderer(kind: Kind, media: Media, include: str) -> Callable[[Manifest], Manifest] | None:
    form, _, version = media.form
    if form == "PartialObjectMetadata":
        return lambda manifest: tables.partial(manifest, version)
    if form != "Table":
        return None
    first = [True]

    def as_table(manifest: Manifest) -> Manifest:
        columns, first[0] = first[0], False
        meta = {"resourceVersion": manifest["metadata"].get("resourceVersion", "")}
        return tables.table(kind, [manifest], meta, include, version, columns=columns)

    return as_table


def list_of(kind: Kind, found: list[Manifest], meta: Manifest) -> Manifest:
    """A list; items of built-in kinds leave out what the list says already."""
    if kind.custom is not None:
        meta = {"continue": "", **meta}
        return {"apiVersion": kind.api_version, "items": found, "kind": kind.list_kind, "metadata": meta}
    items = [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")} for one in found]
    return {"kind": kind.list_kind, "apiVersion": kind.api_version, "metadata": meta, "items": items}


def rendered(
    found: Manifest, media: str, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    if media == "application/yaml":
        body = yaml.safe_dump(found, sort_keys=True, allow_unicode=True).encode()
    else:
        body = orjson.dumps(found)
    return web.Response(body=body, status=status, headers={**(headers or {}), "Content-Type": media})
