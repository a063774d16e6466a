"""Requests to one API server: raw JSON over an aiohttp session, errors as values with words.

Objects are plain dicts, read with orjson and never turned into models: a model drops fields that it does not
know. Every write names its field manager. At most ``WRITES_AT_ONCE`` writes are under way at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
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

APPLY = "application/apply-patch+yaml"  # JSON is YAML, and much faster to write
MERGE = "application/merge-patch+json"


class Client:
    """One API server. ``access`` is asked again after a 401, so that short-lived tokens are renewed.

    ``permit`` is called before every write, and may raise ``KubeError`` to keep it from being sent.
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
        self.epoch = 0  # grows whenever the configuration is read anew: it may be another cluster

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
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """One request, the JSON of its answer. Raises ``ApiError`` or ``Unreachable``."""
        for attempt in (1, 2):
            async with self._send(method, path, query, body, content_type, headers) as response:
                data = await response.read()
                if response.status < 400:
                    return orjson.loads(data) if data else {}
                if response.status != 401 or attempt == 2:
                    raise read_error(response.status, data, response.headers.get("Retry-After"))
            await self.renew()
        raise AssertionError("unreachable")

    @contextlib.asynccontextmanager
    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        content_type: str,
        headers: Mapping[str, str] | None,
        patience: aiohttp.ClientTimeout = TIMEOUT,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        session, access = await self._open()
        sent = {"Accept": "application/json", **(headers or {})}
        data = None
        if body is not None:
            data, sent["Content-Type"] = orjson.dumps(body), content_type
        limit = self._writing() if method != "GET" else contextlib.nullcontext()
        try:
            async with (
                limit,
                session.request(
                    method,
                    access.host + path,
                    params=query,
                    data=data,
                    headers=sent,
                    timeout=patience,
                    proxy=access.proxy,
                    server_hostname=access.server_name,
                ) as response,
            ):
                yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            detail = f"{access.host}: {format_path(error)}"
            raise Unreachable("The cluster does not answer.", detail) from error

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        async with self._writes:
            self._permit()  # now, and not when it began to wait for its turn
            yield

    # -- verbs ------------------------------------------------------------------------------------------

    async def version(self) -> dict[str, Any]:
        return await self.request("GET", "/version")

    async def get(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        """The object, or None when there is none."""
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
        """A new object; refused (409) when there is one of its name."""
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
        """Server-side apply of exactly these fields, taking them from other managers (``force``)."""
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        metadata = body["metadata"]
        path = resource.path(metadata.get("namespace") or "", metadata["name"], subresource)
        return await self.request("PATCH", path, query=query, body=body, content_type=APPLY)

    async def merge(
        self, resource: Resource, namespace: str, name: str, patch: Mapping[str, Any], *, manager: str
    ) -> dict[str, Any]:
        """JSON merge patch; with ``metadata.resourceVersion`` it is refused when somebody was quicker."""
        return await self.request(
            "PATCH",
            resource.path(namespace, name),
            query={"fieldManager": manager},
            body=patch,
            content_type=MERGE,
        )

    async def delete(
        self, resource: Resource, namespace: str, name: str, *, uid: str = "", propagation: str = "Background"
    ) -> bool:
        """Ask for the deletion; False when it was gone, or is another object than the one with this uid."""
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
        sending = self._send("GET", resource.path(namespace), query, None, "", None, WATCH_TIMEOUT)
        async with sending as response:
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


def format_path(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or error.os_error)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection"
    return str(error) or type(error).__name__
