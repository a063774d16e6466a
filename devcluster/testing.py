"""Servers for tests: `with DevCluster() as cluster` runs one in its own thread."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from devcluster.kinds.validation_rules import RuleEvaluator
from devcluster.server import Server, Settings

WITHIN = 60  # seconds for its start or stop


class DevCluster:
    """A server with its kubeconfig in a temporary folder.

    `server` is the address, `token` and `ca` (PEM) are the credentials of a client, `kubeconfig` is a path.
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

    def start(self) -> Self:
        self._thread.start()
        self.running = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(WITHIN)
        self.running.write_kubeconfig(self.kubeconfig)
        return self

    async def _serve(self) -> Server:
        server = Server(self._settings)
        await server.start()
        return server

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.running.stop(), self._loop).result(WITHIN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
