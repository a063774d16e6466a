"""The web server of the demo, with the reconciler in the same process."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from django.conf import settings

from portal.hooks import load

LAST_ANSWERS = 3  # seconds that open requests and sockets get when the server stops


class Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_ready()


def serve(bound: socket.socket, when_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then let open requests end."""
    # uvicorn raises the signal again once it has stopped; that must not end us before the rest is stopped
    # too.
    signal.signal(signal.SIGINT, _already_stopping)
    signal.signal(signal.SIGTERM, _already_stopping)
    config = uvicorn.Config(
        "portal.asgi:application",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=LAST_ANSWERS,
        ws_ping_interval=20,
    )
    Server(config, when_ready).run(sockets=[bound])


def _already_stopping(*_: Any) -> None:
    pass


def start_engine() -> Any | None:
    """The reconciler that the settings name, started; None when it is a process of its own."""
    if not settings.EMBEDDED_RECONCILER:
        return None
    made = load(settings.EMBEDDED_RECONCILER.replace(":", "."))
    if made is None:
        return None
    engine = made()
    engine.start()
    return engine
