"""Between clients and a cluster: a test can change requests, or answer them instead of the cluster."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

from reconciler.kube import read_kubeconfig

Forward = Callable[[bytes], Awaitable[web.StreamResponse]]  # sends this body; returns the cluster's answer
Handler = Callable[[web.Request, Forward], Awaitable[web.StreamResponse]]

HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "authorization"}
LARGEST_BODY = 4 * 1024 * 1024


async def forward_everything(request: web.Request, forward: Forward) -> web.StreamResponse:
    return await forward(await request.read())


def status_response(code: int, reason: str, message: str) -> web.Response:
    """The answer of an API server that refuses a request."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    return web.json_response({**body, "message": message, "reason": reason, "code": code}, status=code)


class Proxy:
    """Plain HTTP on loopback. ``kubeconfig`` leads to it, with the credentials of ``upstream``.

    ``handler`` answers each request; a test may replace it at any time.
    """

    def __init__(self, upstream: Path, kubeconfig: Path) -> None:
        self._upstream, self.kubeconfig = upstream, kubeconfig
        self.handler: Handler = forward_everything
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="proxy")
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._host = ""

    def __enter__(self) -> Self:
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        name = {"name": "proxy"}
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "contexts": [{**name, "context": {"cluster": "proxy", "user": "proxy"}}],
            "clusters": [{**name, "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{**name, "user": {}}],
        }
        self.kubeconfig.write_text(json.dumps(config))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> int:
        access = await read_kubeconfig(self._upstream)
        self._host = access.host
        connector = aiohttp.TCPConnector(limit=0, ssl=access.tls)
        timeout = aiohttp.ClientTimeout(total=None)
        self._session = aiohttp.ClientSession(connector=connector, headers=access.headers, timeout=timeout)
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        async def forward(body: bytes) -> web.StreamResponse:
            return await self._forward(request, body)

        return await self.handler(request, forward)

    async def _forward(self, request: web.Request, body: bytes) -> web.StreamResponse:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        headers["Accept-Encoding"] = "identity"
        url = URL(self._host + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            if "watch" not in request.query:
                return web.Response(status=answer.status, headers=kept, body=await answer.read())
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response
