"""Requests for objects: from a parsed path and body to the writes, and back in the form that the client
accepts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from devcluster.http.access_reviews import REVIEWS
from devcluster.http.bodies import Body, parse, yaml_errors
from devcluster.http.list_options import check_options, watch_request
from devcluster.http.negotiation import Media, choose, not_acceptable
from devcluster.http.options import delete_options, number, too_new, truth, unreadable_version, write_options
from devcluster.http.requests import Target
from devcluster.http.requests import parse as parse_path
from devcluster.http.responses import FORMS, answered, listed, renderer, shown
from devcluster.kinds.kinds import Kind
from devcluster.kinds.openapi import Documents
from devcluster.machinery.errors import ApiError, bad_request, no_such_path, not_found, stale
from devcluster.machinery.patches import PatchFailed, json_patch, merge_patch, strategic_patch
from devcluster.registry import deletion, scale
from devcluster.registry.decode import Options
from devcluster.registry.lists import Pages, Selection
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
    """Answers requests below /api and /apis."""

    def __init__(self, writes: Writes) -> None:
        self.writes = writes
        self.memory = writes.memory
        self.kinds = writes.kinds
        self.documents = Documents(self.kinds)
        self.pages = Pages(self.memory)
        self.encoder = Encoder()
        self.stopping: asyncio.Event = asyncio.Event()

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse | None:
        """None where nothing is served at the path."""
        target = parse_path(self.kinds, path)
        if target is None:
            return None
        if target.subresource:
            return await self._subresource(request, target)
        if target.kind.resource.split(".")[0] in REVIEWS and request.method == "POST":
            return await self._review(request, target)
        return await self._resource(request, target)

    def knows_group(self, path: str) -> bool:
        """Whether a path lies under a built-in group and version, so that a miss is a Status and not a bare
        404.
        """
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
            return self._put(request, target, body, "")
        if method == "PATCH":
            return self._patch(request, target, body, "")
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
            return await self._rare(request, target)
        if request.method == "GET":
            return self._get(request, target)
        body = await self._body(request)
        if request.method == "PATCH":
            return self._patch(request, target, body, target.subresource)
        if target.subresource == "finalize":
            return self._finalize(request, target, body)
        return self._put(request, target, body, target.subresource)

    # ---- reading

    def _get(self, request: web.Request, target: Target) -> web.Response:
        media = choose(request.headers.get("Accept", ""), FORMS)
        self._check_version(request.query.get("resourceVersion", ""), 500)
        live = self.writes.live(target.kind, target.namespace, target.name)
        return shown(request, target.kind, live, media)

    def _list(self, request: web.Request, target: Target) -> web.Response:
        media = choose(request.headers.get("Accept", ""), FORMS)
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
        return listed(request, target.kind, found, meta, media)

    def _check_version(self, version: str, code: int) -> None:
        """Refuse a version that is no number (with this code) or has not been given away yet."""
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
        accept = request.headers.get("Accept", "")
        media = self._watch_media(accept)
        query = dict(request.query)
        if target.name:
            query["fieldSelector"] = f"metadata.name={target.name}"
        watched = watch_request(query)
        selection = Selection.of(target.kind, target.namespace, query)
        render = renderer(target.kind, media, query.get("includeObject", "Metadata"))
        watch = Watch(self.memory, target.kind, selection, watched, render, self.encoder)
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

    def _watch_media(self, accept: str) -> Media:
        streams = ("application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch")
        media = choose(accept, FORMS)
        if media.name != "application/json":
            raise not_acceptable(streams)
        return media

    # ---- writing

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

    def _options(self, request: web.Request, body: Any = None, *, apply: bool = False) -> Options:
        agent = request.headers.get("User-Agent", "unknown")
        options = write_options(request.method, request.query, agent, apply=apply)
        if isinstance(body, Body):
            strict_yaml = body.yaml and body.doubled and options.validation == "Strict"
            options.doubled = (yaml_errors(body.doubled),) if strict_yaml else body.doubled
        return options

    def _create(self, request: web.Request, target: Target, body: Manifest) -> web.Response:
        media = choose(request.headers.get("Accept", ""), FORMS)
        options = self._options(request, body)
        stored = self.writes.create(target.kind, target.namespace, body, options)
        return shown(request, target.kind, stored, media, 201, options)

    def _put(self, request: web.Request, target: Target, body: Manifest, subresource: str) -> web.Response:
        media = choose(request.headers.get("Accept", ""), FORMS)
        options = self._options(request, body)
        stored = self.writes.replace(target.kind, target.namespace, target.name, body, options, subresource)
        return shown(request, target.kind, stored, media, 200, options)

    def _patch(self, request: web.Request, target: Target, raw: bytes, subresource: str) -> web.Response:
        media = choose(request.headers.get("Accept", ""), FORMS)
        how = self._patch_kind(request, target.kind)
        if how == "apply":
            return self._apply(request, target, raw, subresource, media)
        options = self._options(request)
        patch = parse(raw, "application/json")
        change = changer(target.kind, how, patch)
        try:
            stored = self.writes.modify(
                target.kind, target.namespace, target.name, change, options, subresource
            )
        except PatchFailed as problem:
            raise ApiError(
                422, "Invalid", "the server rejected our request due to an error in our request", {}
            ) from problem
        return shown(request, target.kind, stored, media, 200, options)

    def _patch_kind(self, request: web.Request, kind: Kind) -> str:
        how = PATCHES.get(request.content_type, "")
        if how and not (how == "strategic" and kind.custom is not None):
            return how
        if not how:
            raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
        listed = [media for media, name in PATCHES.items() if name != "strategic" or kind.custom is None]
        message = (
            "the body of the request was in an unknown format - accepted media types include: "
            f"{', '.join(listed)}"
        )
        raise ApiError(415, "UnsupportedMediaType", message)

    def _apply(
        self, request: web.Request, target: Target, raw: bytes, subresource: str, media: Media
    ) -> web.Response:
        options = self._options(request, apply=True)
        body = parse(raw, "application/apply-patch+yaml")
        if not isinstance(body, dict):
            raise bad_request("error decoding YAML: the body is no object")
        if isinstance(body, Body) and body.doubled:
            if options.validation == "Strict":
                raise bad_request(
                    f"error strict decoding YAML: error converting YAML to JSON: {yaml_errors(body.doubled)}"
                )
            if options.validation == "Warn":
                options.warnings += body.doubled
        stored, made = self.writes.apply(
            target.kind, target.namespace, target.name, body, options, subresource
        )
        return shown(request, target.kind, stored, media, 201 if made else 200, options)

    async def _delete(self, request: web.Request, target: Target) -> web.Response:
        media = choose(request.headers.get("Accept", ""), FORMS)
        options = await self._deletion(request)
        if target.name:
            found, _ = deletion.delete(self.writes, target.kind, target.namespace, target.name, options)
            return answered(found, Media(media.name))
        selection = Selection.of(target.kind, target.namespace, request.query)
        found_all, meta = self.pages.page(target.kind, selection, 0, "")
        deletion.delete_all(self.writes, target.kind, found_all, options)
        versioned = [self.writes.as_version(target.kind, one) for one in found_all]
        return listed(request, target.kind, versioned, meta, media)

    async def _deletion(self, request: web.Request) -> deletion.DeleteOptions:
        raw = await request.read()
        media = request.content_type if "Content-Type" in request.headers else "application/json"
        body = parse(raw, media) if raw.strip() else {}
        return delete_options(request.query, body if isinstance(body, dict) else {})

    # ---- subresources of their own form

    async def _scale(self, request: web.Request, target: Target) -> web.Response:
        media = choose(request.headers.get("Accept", ""), FORMS)
        kind = target.kind
        live = self.writes.live(kind, target.namespace, target.name)
        current = scale.shown(kind, live)
        if request.method == "GET":
            return answered(current, Media(media.name))
        wanted = await self._wanted_scale(request, current)
        options = self._options(request, apply=PATCHES.get(request.content_type) == "apply")

        def change(manifest: Manifest) -> Manifest:
            return scale.scaled(kind, manifest, wanted)

        version = (wanted.get("metadata") or {}).get("resourceVersion")
        if version and version != live["metadata"]["resourceVersion"]:
            raise stale(kind.plural, kind.group, target.name)
        stored = self.writes.modify(kind, target.namespace, target.name, change, options, "scale")
        return answered(scale.shown(kind, stored), Media(media.name))

    async def _wanted_scale(self, request: web.Request, current: Manifest) -> Manifest:
        body = await self._body(request)
        if request.method == "PATCH":
            how = PATCHES.get(request.content_type, "")
            patch = parse(body, "application/apply-patch+yaml" if how == "apply" else "application/json")
            found = json_patch(current, patch) if how == "json" else merge_patch(current, patch)
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
        """A namespace's spec.finalizers; without any, a namespace that is going is gone."""
        live = self.writes.live(target.kind, "", target.name)
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

    async def _rare(self, request: web.Request, target: Target) -> web.Response:
        """Subresources that need a kubelet (logs, exec …) or that nothing here uses."""
        self.writes.live(target.kind, target.namespace, target.name)
        raise no_such_path()

    async def _review(self, request: web.Request, target: Target) -> web.Response:
        body = await self._body(request)
        answer = REVIEWS[target.kind.plural](target.kind, body)
        return answered(answer, Media("application/json"), 201)


def _verb(request: web.Request, target: Target) -> str:
    if request.method == "GET":
        watching = target.watch or (not target.name and truth(request.query.get("watch", "")))
        return "watch" if watching else "get" if target.name else "list"
    if request.method == "DELETE":
        return "delete" if target.name else "deletecollection"
    wanted = {"POST": "create", "PUT": "update", "PATCH": "patch"}.get(request.method, "")
    if (wanted == "create") == bool(target.name):
        return ""
    return wanted


def changer(kind: Kind, how: str, patch: Any) -> Callable[[Manifest], Manifest]:
    """The function from the live object to the patched one."""
    if how == "json":
        return lambda live: json_patch(live, patch)
    if how == "merge":
        return lambda live: merge_patch(live, patch)
    return lambda live: strategic_patch(live, patch, kind.shape())
