"""A request waits only briefly for a locked database, and is then answered with 503 and ``Retry-After``.

The reconciler and commands wait longer: what they do must be done anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse

from portal.database_busy import is_busy
from portal.home.errors import busy

_in_request: ContextVar[bool] = ContextVar("in_request", default=False)


class DatabaseWaitMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _in_request.set(True)
        try:
            return self.get_response(request)
        finally:
            _in_request.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return busy(request) if is_busy(exception) else None


def shorten_wait(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of ``connection_created``. Each request has its own connection."""
    if not _in_request.get():
        return
    milliseconds = int(settings.DATABASE_WAIT * 1000)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
        elif connection.vendor == "postgresql":
            cursor.execute(f"SET lock_timeout = {milliseconds}")
