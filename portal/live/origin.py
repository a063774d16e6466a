"""Is a websocket asked for by one of our own pages? A browser sends cookies to sockets from any site, so
this must be known."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


def same_origin(scope: dict[str, Any]) -> bool:
    """The page's origin is the host that was asked, which we serve, or one of ``CSRF_TRUSTED_ORIGINS``."""
    headers = {name: value.decode("latin-1") for name, value in scope.get("headers", [])}
    origin, host = headers.get(b"origin", ""), headers.get(b"host", "")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    asked = urlsplit(f"//{host}")
    allowed = settings.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
    return urlsplit(origin).netloc == host and validate_host(bracketed(asked.hostname or ""), allowed)


def bracketed(hostname: str) -> str:
    return f"[{hostname}]" if ":" in hostname else hostname
