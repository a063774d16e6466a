"""Runs the reconciler's database work in one thread, off its event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import close_old_connections, connections

Result = TypeVar("Result")


class DatabaseThread:
    """Calls run one after another, in order. Each holds SQLite's lock only for its own transaction."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="slipway-database")

    async def call(self, work: Callable[..., Result], *arguments: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work, arguments)

    @staticmethod
    def _run(work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        close_old_connections()
        return work(*arguments)

    def close(self) -> None:
        self._thread.submit(connections.close_all)
        self._thread.shutdown(wait=True)
