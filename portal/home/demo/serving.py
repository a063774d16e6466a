"""The web server of the demo, with the reconciler in the same process."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from portal.hooks import load_one

GRACE_PERIOD = 3  # seconds for open requests and sockets when the server stops


class Server(uvicorn.Server):
    """Reports when it is ready."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_ready()


def serve(bound: socket.socket, when_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish open requests."""
    # uvicorn raises the signal again after it has stopped; it must not end the process before the rest stops.
    signal.signal(signal.SIGINT, _already_stopping)
    signal.signal(signal.SIGTERM, _already_stopping)
    config = uvicorn.Config(
        "portal.asgi:application",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # portal/proxies.py decides which proxies count
        timeout_graceful_shutdown=GRACE_PERIOD,
        ws_ping_interval=20,
    )
    Server(config, when_ready).run(sockets=[bound])


def _already_stopping(*_: Any) -> None:
    pass


def start_reconciler() -> Any | None:
    """Start the reconciler in this process. None when it runs as a separate process."""
    reconciler_class = load_one("EMBEDDED_RECONCILER")
    if reconciler_class is None:
        return None
    reconciler = reconciler_class()
    reconciler.start()
    return reconciler
