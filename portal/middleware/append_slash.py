"""Addresses end with a slash; one that was written without it leads there."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware


class SlashAppended(CommonMiddleware):
    """Answers 308. After the usual 301 programs repeat a POST as a GET: a wish sent without the slash
    would be lost, and the answer would look like success.
    """

    response_redirect_class: ClassVar[Any] = partial(HttpResponsePermanentRedirect, preserve_request=True)
