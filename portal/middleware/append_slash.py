"""Redirects URLs without a trailing slash."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware


class AppendSlashMiddleware(CommonMiddleware):
    """Redirects with 308. After a 301, clients repeat a POST as a GET: the request would be lost, and the
    response would look like success.
    """

    response_redirect_class: ClassVar[Any] = partial(HttpResponsePermanentRedirect, preserve_request=True)
