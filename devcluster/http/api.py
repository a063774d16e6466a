"""Requests for objects: parses path, options and body, calls the registry, renders the response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from devcluster.http.access_reviews import REVIEWS
from devcluster.http.bodies import Body, parse, yaml_errors
from devcluster.http.list_options import check_options, watch_request
from devcluster.http.negotiation import Media, not_acceptable
from devcluster.http.options import (
    delete_options,
    is_true,
    number,
    too_new,
    unreadable_version,
    write_options,
)
from devcluster.http.paths import parse_path
from devcluster.http.responses import Renderer, answered
from devcluster.kinds.kinds import Kind
from devcluster.kinds.openapi import Documents
from devcluster.machinery.errors import ApiError, bad_request, no_such_path, not_found, stale
from devcluster.machinery.patches import PatchFailed, json_patch, merge_patch, strategic_patch
from devcluster.registry import scale
from devcluster.registry.deletion import delete, delete_all
from devcluster.registry.lists import Pages, Selection
from devcluster.registry.requests import DeleteOptions, Target, WriteOptions
from devcluster.registry.watches import Encoder, Watch, until
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Manifest

PATCHES = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}
WRITABLE = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
NEED_NAMESPACE = ("create", "deletecollection")


class Api:
    """Handles requests below /api and /apis."""

    def __init__(self, writes: Writes) -> None:
        self.writes = writes
        self.memory = writes.memory
        self.kinds = writes.kinds
        self.documents = Documents(self.kinds)
        self.pages = Pages(self.memory)
        self.encoder = Encoder()
        self.stopping: asyncio.Event = asyncio.Event()

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse | None:
        """The response, or None if nothing is served at the path."""
        target = parse_path(self.kinds, path)
        if target is None:
            return None
        if target.subresource:
            return await self._subresource(request, target)
        if target.kind.resource.split(".")[0] in REVIEWS and request.method == "POST":
            return await self._review(request, target)
        return await self._resource(request, target)

    def knows_group(self, path: str) -> bool:
        """Whether a path belongs to a built-in version, whose 404 is a Status instead of plain text."""
        parts = path.strip("/").split("/")
        group, version = ("", parts[1:2]) if parts[0] == "api" else ("".join(parts[1:2]), parts[2:3])
        found = self.kinds.resources(group, version[0]) if version else []
        return any(kind.custom is None for kind in found)

    async def _resource(self, request: web.Request, target: Target) -> web.StreamResponse:
        method, kind = request.method, target.kind
        verb = _verb(request, target)
        if verb not in kind.verbs or (kind.namespaced and not target.namespace and verb in NEED_NAMESPACE):
            raise ApiError(
                405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
            )
        if method == "GET" and verb == "watch":
            return await self._watch(request, target)
        if method == "GET":
            return self._list(request, target) if not target.name else self._get(request, target)
        body: Any = await self._body(request) if method != "DELETE" else None
        if method == "POST":
            return self._create(request, target, body)
        if method == "PUT":
            return self._put(request, target, body)
        if method == "PATCH":
            return self._patch(request, target, body)
        return await self._delete(request, target)

    async def _subresource(self, request: web.Request, target: Target) -> web.StreamResponse | None:
        sub = target.kind.subresources.get(target.subresource)
        if sub is None:
            if target.kind.custom is not None:
                raise not_found(target.kind.plural, target.kind.group, target.name)
            return None
        verb = {"GET": "get", "PUT": "update", "PATCH": "patch", "POST": "create", "DELETE": "delete"}.get(
            request.method, ""
        )
        if verb not in sub.verbs:
            raise ApiError(
                405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
            )
        if target.subresource == "scale":
            return await self._scale(request, target)
        if target.subresource not in ("status", "finalize", "approval", "resize", "ephemeralcontainers"):
            return await self._not_simulated(request, target)
        if request.method == "GET":
            return self._get(request, target)
        body = await self._body(request)
        if request.method == "PATCH":
            return self._patch(request, target, body)
        if target.subresource == "finalize":
            return self._finalize(request, target, body)
        return self._put(request, target, body)

    # ---- reads

    def _get(self, request: web.Request, target: Target) -> web.Response:
        renderer = Renderer.of(request)
        self._check_version(request.query.get("resourceVersion", ""), 500)
        live = self.writes.live(target)
        return answered(renderer.one(target.kind, live), renderer.media)

    def _list(self, request: web.Request, target: Target) -> web.Response:
        renderer = Renderer.of(request)
        query = request.query
        check_options(query, watching=False)
        version, token = query.get("resourceVersion", ""), query.get("continue", "")
        if token and version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        self._check_version(version, 400)
        selection = Selection.of(target.kind, target.namespace, query)
        limit = 0 if version == "0" else max(0, number(query, "limit"))
        match = query.get("resourceVersionMatch", "")
        pinned = match == "Exact" or (limit and version and not match)
        exact = int(version) if pinned else None
        found, meta = self.pages.page(target.kind, selection, limit, token, exact)
        found = [self.writes.as_version(target.kind, one) for one in found]
        return answered(renderer.many(target.kind, found, meta), renderer.media)

    def _check_version(self, version: str, code: int) -> None:
        """Reject a version that is not an integer (with this code) or is newer than the newest one."""
        if version and not version.isdigit():
            why = unreadable_version(version)
            raise ApiError(
                code,
                "BadRequest" if code == 400 else "",
                f"invalid resource version: {why}" if code == 400 else why,
            )
        if version and int(version) > self.memory.version:
            raise too_new(version, self.memory.version)

    async def _watch(self, request: web.Request, target: Target) -> web.StreamResponse:
        renderer = _watch_renderer(request)
        query = dict(request.query)
        if target.name:
            query["fieldSelector"] = f"metadata.name={target.name}"
        watched = watch_request(Selection.of(target.kind, target.namespace, query), query)
        watch = Watch(self.memory, target.kind, watched, renderer.for_watch(target.kind), self.encoder)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        lines = watch.lines()
        try:
            async for line in until(lines, self.stopping):
                await response.write(line)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            await lines.aclose()  # type: ignore[attr-defined]
        return response

    # ---- writes

    async def _body(self, request: web.Request) -> Any:
        raw = await request.read()
        media = request.content_type if "Content-Type" in request.headers else "application/json"
        if request.method == "PATCH":
            return raw
        if media not in WRITABLE:
            listed = ", ".join(WRITABLE)
            message = (
                f"the body of the request was in an unknown format - accepted media types include: {listed}"
            )
            raise ApiError(415, "UnsupportedMediaType", message)
        body = parse(raw, media)
        if not isinstance(body, dict):
            raise bad_request("the body is no object")
        return body

    def _options(self, request: web.Request, body: Any = None, *, apply: bool = False) -> WriteOptions:
        agent = request.headers.get("User-Agent", "unknown")
        options = write_options(request.method, request.query, agent, apply=apply)
        if isinstance(body, Body):
            strict_yaml = body.yaml and body.duplicates and options.validation == "Strict"
            options.duplicates = (yaml_errors(body.duplicates),) if strict_yaml else body.duplicates
        return options

    def _create(self, request: web.Request, target: Target, body: Manifest) -> web.Response:
        renderer = Renderer.of(request)
        options = self._options(request, body)
        stored = self.writes.create(target, body, options)
        return answered(renderer.one(target.kind, stored), renderer.media, 201, options.warnings)

    def _put(self, request: web.Request, target: Target, body: Manifest) -> web.Response:
        renderer = Renderer.of(request)
        options = self._options(request, body)
        stored = self.writes.replace(target, body, options)
        return answered(renderer.one(target.kind, stored), renderer.media, 200, options.warnings)

    def _patch(self, request: web.Request, target: Target, raw: bytes) -> web.Response:
        renderer = Renderer.of(request)
        patch_type = self._patch_type(request, target.kind)
        if patch_type == "apply":
            return self._apply(request, target, raw, renderer)
        options = self._options(request)
        patch = parse(raw, "application/json")
        change = patch_function(target.kind, patch_type, patch)
        try:
            stored = self.writes.modify(target, change, options)
        except PatchFailed as problem:
            raise ApiError(
                422, "Invalid", "the server rejected our request due to an error in our request", {}
            ) from problem
        return answered(renderer.one(target.kind, stored), renderer.media, 200, options.warnings)

    def _patch_type(self, request: web.Request, kind: Kind) -> str:
        patch_type = PATCHES.get(request.content_type, "")
        if patch_type and not (patch_type == "strategic" and kind.custom is not None):
            return patch_type
        if not patch_type:
            raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
        listed = [media for media, name in PATCHES.items() if name != "strategic" or kind.custom is None]
        message = (
            "the body of the request was in an unknown format - accepted media types include: "
            f"{', '.join(listed)}"
        )
        raise ApiError(415, "UnsupportedMediaType", message)

    def _apply(self, request: web.Request, target: Target, raw: bytes, renderer: Renderer) -> web.Response:
        options = self._options(request, apply=True)
        body = parse(raw, "application/apply-patch+yaml")
        if not isinstance(body, dict):
            raise bad_request("error decoding YAML: the body is no object")
        if isinstance(body, Body) and body.duplicates:
            if options.validation == "Strict":
                problems = yaml_errors(body.duplicates)
                raise bad_request(f"error strict decoding YAML: error converting YAML to JSON: {problems}")
            if options.validation == "Warn":
                options.warnings += body.duplicates
        stored, created = self.writes.apply(target, body, options)
        status = 201 if created else 200
        return answered(renderer.one(target.kind, stored), renderer.media, status, options.warnings)

    async def _delete(self, request: web.Request, target: Target) -> web.Response:
        renderer = Renderer.of(request)
        options = await self._delete_options(request)
        if target.name:
            return answered(delete(self.writes, target, options), Media(renderer.media.name))
        selection = Selection.of(target.kind, target.namespace, request.query)
        found_all, meta = self.pages.page(target.kind, selection, 0, "")
        delete_all(self.writes, target.kind, found_all, options)
        versioned = [self.writes.as_version(target.kind, one) for one in found_all]
        return answered(renderer.many(target.kind, versioned, meta), renderer.media)

    async def _delete_options(self, request: web.Request) -> DeleteOptions:
        raw = await request.read()
        media = request.content_type if "Content-Type" in request.headers else "application/json"
        body = parse(raw, media) if raw.strip() else {}
        return delete_options(request.query, body if isinstance(body, dict) else {})

    # ---- scale, finalize, reviews

    async def _scale(self, request: web.Request, target: Target) -> web.Response:
        media = Renderer.of(request).media
        kind = target.kind
        live = self.writes.live(target)
        current = scale.scale_of(kind, live)
        if request.method == "GET":
            return answered(current, Media(media.name))
        wanted = await self._wanted_scale(request, current)
        options = self._options(request, apply=PATCHES.get(request.content_type) == "apply")

        def change(manifest: Manifest) -> Manifest:
            return scale.scaled(kind, manifest, wanted)

        version = (wanted.get("metadata") or {}).get("resourceVersion")
        if version and version != live["metadata"]["resourceVersion"]:
            raise stale(kind.plural, kind.group, target.name)
        stored = self.writes.modify(target, change, options)
        return answered(scale.scale_of(kind, stored), Media(media.name))

    async def _wanted_scale(self, request: web.Request, current: Manifest) -> Manifest:
        body = await self._body(request)
        if request.method == "PATCH":
            patch_type = PATCHES.get(request.content_type, "")
            media = "application/apply-patch+yaml" if patch_type == "apply" else "application/json"
            patch = parse(body, media)
            found = json_patch(current, patch) if patch_type == "json" else merge_patch(current, patch)
            return found if isinstance(found, dict) else {}
        if body.get("kind") not in (None, "Scale"):
            version = str(body.get("apiVersion")).rpartition("/")[2]
            raise bad_request(
                f'{body["kind"]} in version "{version}" cannot be handled as a Scale: '
                f"converting ({version}.{body['kind']}) to (autoscaling.Scale): unknown conversion"
            )
        wanted: Manifest = body
        return wanted

    def _finalize(self, request: web.Request, target: Target, body: Manifest) -> web.Response:
        """Set spec.finalizers of a namespace; a terminating namespace without any is removed."""
        live = self.writes.live(target)
        new = {**live, "metadata": dict(live["metadata"]), "spec": {}}
        finalizers = (body.get("spec") or {}).get("finalizers")
        if finalizers:
            new["spec"] = {"finalizers": finalizers}
        if (
            not finalizers
            and live["metadata"].get("deletionTimestamp")
            and not live["metadata"].get("finalizers")
        ):
            self.writes.remove(target.kind, live)
        else:
            new = self.writes.rewrite(target.kind, new)
        return answered(new, Media("application/json"))

    async def _not_simulated(self, request: web.Request, target: Target) -> web.Response:
        """Subresources that are not simulated, such as those that need a kubelet (log, exec)."""
        self.writes.live(target)
        raise no_such_path()

    async def _review(self, request: web.Request, target: Target) -> web.Response:
        body = await self._body(request)
        answer = REVIEWS[target.kind.plural](target.kind, body)
        return answered(answer, Media("application/json"), 201)


def _watch_renderer(request: web.Request) -> Renderer:
    renderer = Renderer.of(request)
    if renderer.media.name != "application/json":
        streams = ("application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch")
        raise not_acceptable(streams)
    return renderer


def _verb(request: web.Request, target: Target) -> str:
    if request.method == "GET":
        watching = target.watch or (not target.name and is_true(request.query.get("watch", "")))
        return "watch" if watching else "get" if target.name else "list"
    if request.method == "DELETE":
        return "delete" if target.name else "deletecollection"
    wanted = {"POST": "create", "PUT": "update", "PATCH": "patch"}.get(request.method, "")
    if (wanted == "create") == bool(target.name):
        return ""
    return wanted


def patch_function(kind: Kind, patch_type: str, patch: Any) -> Callable[[Manifest], Manifest]:
    """The function that patches the live object."""
    if patch_type == "json":
        return lambda live: json_patch(live, patch)
    if patch_type == "merge":
        return lambda live: merge_patch(live, patch)
    return lambda live: strategic_patch(live, patch, kind.shape())
