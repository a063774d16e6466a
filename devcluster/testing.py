"""Servers for tests: `with DevCluster() as cluster` runs one in a thread of its own."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from devcluster.kinds.validation_rules import RuleEvaluator
from devcluster.server import Server, Settings


class DevCluster:
    """A server with its kubeconfig in a temporary folder.

    `server` is the address, `token` and `ca` (PEM) what a client needs, `kubeconfig` a path. `call` runs a
    function in the server's event loop and returns its result, for tests that look at `running.store`
    directly.
    """

    def __init__(
        self,
        *,
        controllers: bool = True,
        ready_after: float = 0.05,
        state: Path | None = None,
        rules: RuleEvaluator | None = None,
    ) -> None:
        self._settings = Settings(controllers=controllers, ready_after=ready_after, state=state, rules=rules)
        self._folder = tempfile.TemporaryDirectory(prefix="devcluster-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="devcluster")
        self.running: Server
        self.kubeconfig = Path(self._folder.name) / "kubeconfig"

    @property
    def server(self) -> str:
        return self.running.url

    @property
    def token(self) -> str:
        return self.running.token

    @property
    def ca(self) -> str:
        return self.running.ca.decode()

    def start(self) -> DevCluster:
        self._thread.start()
        self.running = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        self.running.write_kubeconfig(self.kubeconfig)
        return self

    async def _serve(self) -> Server:
        server = Server(self._settings)
        await server.start()
        return server

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.running.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._folder.cleanup()

    def call(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Run a plain function in the server's loop."""

        async def run() -> Any:
            return function(*args, **named)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def __enter__(self) -> DevCluster:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
