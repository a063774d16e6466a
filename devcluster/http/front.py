"""The HTTP handler: authentication, documents about the server, and requests for objects."""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Any

import orjson
from aiohttp import web

from devcluster.http.api import Api
from devcluster.http.bodies import MAX_BODY_BYTES
from devcluster.http.negotiation import alternatives, choose, not_acceptable
from devcluster.http.responses import encoded
from devcluster.kinds import discovery
from devcluster.machinery.errors import ApiError, no_such_path

log = logging.getLogger(__name__)

Manifest = dict[str, Any]

VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2+simulated",
    "gitCommit": "simulated",
    "gitTreeState": "clean",
    "buildDate": "2026-11-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "python",
    "platform": "simulated",
}


OPEN = ("/version", "/healthz", "/livez", "/readyz")  # served without a token, as by a real server


class Front:
    """The aiohttp handler. Requests need the token and a loopback host name (against DNS rebinding)."""

    def __init__(self, api: Api, token: str) -> None:
        self._api = api
        self._token = token

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES + 1)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            self._admit(request)
            return await self._answer(request)
        except ApiError as error:
            return status_response(request, error)
        except web.HTTPRequestEntityTooLarge:
            text = f"Request entity too large: limit is {MAX_BODY_BYTES}"
            return status_response(request, ApiError(413, "RequestEntityTooLarge", text))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return status_response(
                request, ApiError(500, "InternalError", "Internal error occurred: see the server's log")
            )

    def _admit(self, request: web.Request) -> None:
        host = request.host.rpartition(":")[0] or request.host
        if host.strip("[]") not in ("127.0.0.1", "localhost", "::1"):
            raise ApiError(403, "Forbidden", f"host {request.host} is not this server's")
        if request.path.rstrip("/") in OPEN:
            return
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            given.strip().encode(), self._token.encode()
        ):
            raise ApiError(401, "Unauthorized", "Unauthorized")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        fixed = self._fixed(request, path)
        if fixed is not None:
            return fixed
        answer = await self._api.answer(request, path)
        if answer is None and self._api.knows_group(path):
            raise no_such_path()
        if answer is None:
            return web.Response(
                status=404, text="404 page not found\n", headers={"X-Content-Type-Options": "nosniff"}
            )
        return answer

    def _fixed(self, request: web.Request, path: str) -> web.Response | None:
        """Documents about the server itself."""
        kinds = self._api.kinds
        bare = path.rstrip("/")
        if bare == "/version":
            return plain_json(VERSION)
        if bare in ("/healthz", "/livez", "/readyz"):
            return web.Response(text="ok", headers={"X-Content-Type-Options": "nosniff"})
        if bare in ("/api", "/apis"):
            return self._groups(request, bare == "/api")
        if bare.startswith("/openapi/v3"):
            return self._openapi(request, bare)
        parts = bare.strip("/").split("/")
        found: Manifest | None = None
        if parts[0] == "apis" and len(parts) == 2:
            found = discovery.group(kinds, parts[1])
        elif parts[0] == "apis" and len(parts) == 3:
            found = discovery.resources(kinds, parts[1], parts[2])
        elif parts == ["api", "v1"]:
            found = discovery.resources(kinds, "", "v1")
        return negotiated(request, found) if found is not None else None

    def _groups(self, request: web.Request, core: bool) -> web.Response:
        kinds = self._api.kinds
        for media in alternatives(request.headers.get("Accept", "*/*")):
            form = media.form
            if form == ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"):
                return tagged(request, discovery.aggregated(kinds, core), discovery.AGGREGATED)
            if (
                not form[0]
                and not form[1]
                and media.name in ("*/*", "application/*", "application/json", "application/yaml")
            ):
                found = discovery.core_versions(request.host) if core else discovery.groups(kinds)
                return negotiated(request, found)
        raise not_acceptable()

    def _openapi(self, request: web.Request, path: str) -> web.Response | None:
        if path == "/openapi/v3":
            return tagged(request, self._api.documents.index(), "text/plain; charset=utf-8")
        name = path.removeprefix("/openapi/v3/")
        documents, parts = self._api.documents, name.split("/")
        if len(parts) == 3 and parts[0] == "apis":
            raw = documents.document(parts[1], parts[2])
        else:
            raw = documents.document("", "v1") if name == "api/v1" else documents.stub(name)
        if raw is None:
            return web.Response(status=404)
        given, current = request.query.get("hash"), documents.url(name)
        if given is not None and not current.endswith(f"={given}"):
            return web.Response(status=301, headers={"Location": current, "Content-Type": "application/json"})
        headers = {"Cache-Control": "public, immutable"} if given else {}
        return web.Response(body=raw, content_type="application/json", headers=headers)


def plain_json(found: Manifest, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(found), status=status, content_type="application/json")


def tagged(request: web.Request, found: Manifest, content_type: str) -> web.Response:
    """With an ETag; 304 if the client already has it."""
    raw = orjson.dumps(found)
    tag = f'"{hashlib.sha256(raw).hexdigest().upper()}"'
    headers = {"Content-Type": content_type, "ETag": tag, "Vary": "Accept", "Cache-Control": "public"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=raw, headers=headers)


def negotiated(request: web.Request, found: Manifest, status: int = 200) -> web.Response:
    media = choose(request.headers.get("Accept", ""), ())
    return encoded(found, media.name, status)


def status_response(request: web.Request, error: ApiError) -> web.Response:
    wants_yaml = any(
        media.name == "application/yaml" for media in alternatives(request.headers.get("Accept", ""))[:1]
    )
    return encoded(
        error.body(), "application/yaml" if wants_yaml else "application/json", error.code, error.headers
    )
