"""Checks that our own page opened a websocket: a browser sends cookies to sockets from any site."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


def same_origin(scope: dict[str, Any]) -> bool:
    """Whether the origin is the requested host, which must be allowed, or in ``CSRF_TRUSTED_ORIGINS``."""
    headers = {name: value.decode("latin-1") for name, value in scope.get("headers", [])}
    origin, host = headers.get(b"origin", ""), headers.get(b"host", "")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    requested = urlsplit(f"//{host}")
    allowed = settings.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
    return urlsplit(origin).netloc == host and validate_host(bracketed(requested.hostname or ""), allowed)


def bracketed(hostname: str) -> str:
    return f"[{hostname}]" if ":" in hostname else hostname
