"""Requests to one API server: raw JSON over an aiohttp session.

Objects are plain dicts and never turned into models: a model drops fields that it does not know. Every write
names its field manager. At most ``WRITES_AT_ONCE`` writes are sent at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
import orjson

from reconciler.kube.config import Access
from reconciler.kube.discovery import Resource, RestMap
from reconciler.kube.errors import ApiError, Unreachable, from_status

log = logging.getLogger("slipway.kube")

WRITES_AT_ONCE = 16
PAGE = 500
# A watch line holds one whole object; 3 MiB is the largest body that an API server takes.
LARGEST_LINE = 4 * 1024 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=None)

APPLY = {"Content-Type": "application/apply-patch+yaml"}  # JSON is YAML, and much faster to write
MERGE = {"Content-Type": "application/merge-patch+json"}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes | None:
        return None if self.body is None else orjson.dumps(self.body)

    @property
    def all_headers(self) -> dict[str, str]:
        accepted = {"Accept": "application/json"}
        sent = {} if self.body is None else {"Content-Type": "application/json"}
        return {**accepted, **sent, **self.headers}


class Client:
    """One API server. ``access`` is called again after a 401, so that short-lived tokens are renewed.

    ``permit`` is called before every write, and may raise ``KubeError`` to prevent it.
    """

    def __init__(
        self, access: Callable[[], Awaitable[Access]], permit: Callable[[], None] = lambda: None
    ) -> None:
        self._read_access, self._permit = access, permit
        self._access: Access | None = None
        self._session: aiohttp.ClientSession | None = None
        self._writes = asyncio.Semaphore(WRITES_AT_ONCE)
        self._opening = asyncio.Lock()
        self._streams: set[aiohttp.ClientResponse] = set()
        self.kinds = RestMap(self)
        self.epoch = 0  # grows whenever the configuration is read again: it may be another cluster

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        session, self._session, self._access = self._session, None, None
        for stream in self._streams:  # closing the session alone would leave their readers waiting
            stream.content.set_exception(aiohttp.ClientConnectionError("the connection was closed"))
        if session is not None:
            await session.close()

    async def renew(self) -> None:
        """Read the configuration again at the next request: the address or the token may have changed."""
        await self.close()
        self.kinds.forget()
        self.epoch += 1

    async def _open(self) -> tuple[aiohttp.ClientSession, Access]:
        async with self._opening:
            if self._session is None or self._access is None or self._session.closed:
                access = await self._read_access()
                connector = aiohttp.TCPConnector(limit=0, ssl=access.tls, keepalive_timeout=60)
                self._session = aiohttp.ClientSession(
                    connector=connector, headers=access.headers, read_bufsize=LARGEST_LINE, timeout=TIMEOUT
                )
                self._access = access
            return self._session, self._access

    # -- requests ---------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """One request and the JSON of its answer. Raises ``ApiError`` or ``Unreachable``."""
        request = Request(method, path, query or {}, body, headers or {})
        for attempt in (1, 2):
            async with self._send(request, TIMEOUT) as response:
                data = await response.read()
                if response.status < 400:
                    return orjson.loads(data) if data else {}
                if response.status != 401 or attempt == 2:
                    raise read_error(response.status, data, response.headers.get("Retry-After"))
            await self.renew()
        raise AssertionError("unreachable")

    @contextlib.asynccontextmanager
    async def _send(
        self, request: Request, limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        session, access = await self._open()
        slot = self._writing() if request.method != "GET" else contextlib.nullcontext()
        try:
            async with (
                slot,
                session.request(
                    request.method,
                    access.host + request.path,
                    params=request.query,
                    data=request.data,
                    headers=request.all_headers,
                    timeout=limits,
                    proxy=access.proxy,
                    server_hostname=access.server_name,
                ) as response,
            ):
                yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable("The cluster does not answer.", f"{access.host}: {detail_of(error)}") from error

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        async with self._writes:
            self._permit()  # now, and not when the write began to wait
            yield

    # -- verbs ------------------------------------------------------------------------------------------

    async def version(self) -> dict[str, Any]:
        return await self.request("GET", "/version")

    async def get(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        """The object, or None if it does not exist."""
        try:
            return await self.request("GET", resource.path(namespace, name))
        except ApiError as error:
            if error.not_found:
                return None
            raise

    async def list_all(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> tuple[list[dict[str, Any]], str]:
        """Every object, page by page, and the list's resourceVersion. Items carry apiVersion and kind."""
        query = {"limit": str(PAGE)} | selectors(labels, fields)
        items: list[dict[str, Any]] = []
        while True:
            answer = await self.request("GET", resource.path(namespace), query=query)
            for item in answer.get("items") or ():
                item["apiVersion"], item["kind"] = resource.api_version, resource.kind
                items.append(item)
            metadata = answer.get("metadata") or {}
            if not metadata.get("continue"):
                return items, str(metadata.get("resourceVersion") or "")
            query["continue"] = metadata["continue"]

    async def create(self, resource: Resource, body: Mapping[str, Any], *, manager: str) -> dict[str, Any]:
        """A new object; refused (409) if one of its name exists."""
        path = resource.path(body["metadata"].get("namespace") or "")
        return await self.request("POST", path, query={"fieldManager": manager}, body=body)

    async def apply(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        manager: str,
        subresource: str = "",
    ) -> dict[str, Any]:
        """Server-side apply of exactly these fields, taken over from other managers (``force``)."""
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        metadata = body["metadata"]
        path = resource.path(metadata.get("namespace") or "", metadata["name"], subresource)
        return await self.request("PATCH", path, query=query, body=body, headers=APPLY)

    async def merge(
        self, resource: Resource, namespace: str, name: str, patch: Mapping[str, Any], *, manager: str
    ) -> dict[str, Any]:
        """JSON merge patch; with ``metadata.resourceVersion`` it is refused if the object has changed."""
        return await self.request(
            "PATCH",
            resource.path(namespace, name),
            query={"fieldManager": manager},
            body=patch,
            headers=MERGE,
        )

    async def delete(
        self, resource: Resource, namespace: str, name: str, *, uid: str = "", propagation: str = "Background"
    ) -> bool:
        """Request the deletion; False if the object does not exist, or has another uid."""
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
        }
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            await self.request("DELETE", resource.path(namespace, name), body=body)
        except ApiError as error:
            if error.not_found or (uid and error.conflict):
                return False
            raise
        return True

    async def watch(
        self, resource: Resource, namespace: str = "", *, query: Mapping[str, str]
    ) -> AsyncIterator[dict[str, Any]]:
        """Watch events as they come, until the server closes. Raises ``ApiError`` for an ERROR event too."""
        query = {"watch": "true", "allowWatchBookmarks": "true", **query}
        request = Request("GET", resource.path(namespace), query)
        async with self._send(request, WATCH_TIMEOUT) as response:
            if response.status >= 400:
                raise read_error(response.status, await response.read(), response.headers.get("Retry-After"))
            self._streams.add(response)
            try:
                async for line in response.content:
                    if not line.strip():
                        continue
                    event = orjson.loads(line)
                    if event["type"] == "ERROR":
                        raise read_error(500, orjson.dumps(event["object"]), None)
                    yield event
            finally:
                self._streams.discard(response)


def selectors(labels: str, fields: str) -> dict[str, str]:
    return {key: value for key, value in (("labelSelector", labels), ("fieldSelector", fields)) if value}


def read_error(code: int, data: bytes, retry_after: str | None) -> ApiError:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        body = None
    text = data.decode(errors="replace").strip()
    return from_status(code, body if isinstance(body, dict) else None, text, retry_after)


def detail_of(error: BaseException) -> str:
    """For the log."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or error.os_error)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection"
    return str(error) or type(error).__name__
