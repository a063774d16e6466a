"""Stops reading a request's body at the limit, before Django stores it (``portal/input_limits.py``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from portal.input_limits import LIMITS

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
LENGTH = b"content-length"


class BodyLimit:
    """Of a larger body the application gets nothing, and a Content-Length that says so: it answers 413."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = limited(scope, receive)
        await self.application(scope, receive, send)


def limited(scope: Scope, receive: Receive) -> Receive:
    read = 0
    is_over = any(
        name == LENGTH and (len(value) > 20 or (value.isdigit() and int(value) > LIMITS.body))
        for name, value in scope["headers"]
    )

    async def receive_some() -> Message:
        nonlocal read, is_over
        if is_over:
            is_over = False  # later calls wait for the client to disconnect
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await receive()
        read += len(message.get("body", b""))
        if read <= LIMITS.body:
            return message
        headers = [header for header in scope["headers"] if header[0] != LENGTH]
        scope["headers"] = [*headers, (LENGTH, str(read).encode())]
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive_some
