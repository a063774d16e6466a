"""The address of a client behind a proxy.

``X-Forwarded-For`` counts only from proxies that ``SLIPWAY_TRUSTED_PROXIES`` names. Otherwise every client
could choose its address, with which the throttle of sign-ins and the audit log work.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


def behind_proxies(application: Any) -> Any:
    """The ASGI application, which sees the addresses of clients instead of those of trusted proxies."""
    trusted = list(settings.TRUSTED_PROXIES)
    return ProxyHeadersMiddleware(application, trusted) if trusted else application
