"""The manager inside another process (the demo's web server), in its own thread and event loop."""

from __future__ import annotations

import asyncio
import logging
import threading

from reconciler.manager.manager import Manager

log = logging.getLogger("slipway.reconciler")


class EmbeddedManager:
    """``start`` returns at once, ``stop`` when everything it started has ended. Both may be repeated."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._running = threading.Event()
        self.manager: Manager | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._main, name="slipway-reconciler", daemon=True)
            self._thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._running.wait(seconds)
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)
        thread.join(seconds)

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except asyncio.CancelledError:
            pass
        except Exception:
            log.exception("The reconciler ended with an error.")
        finally:
            self._running.set()

    async def _run(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self.manager = Manager()
        self._running.set()
        await self.manager.run()
