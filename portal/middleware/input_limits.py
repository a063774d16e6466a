"""Refuses requests that exceed the limits of ``portal/input_limits.py`` before anything reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException, UnreadablePostError

from portal.home.errors import error_response
from portal.input_limits import LIMITS, LimitExceeded, bytes_in
from portal.middleware.nul import NUL

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
UTF_8 = ("", "utf-8", "utf8")
# Addresses to return to contain parameters of their own.
NOT_LIMITED = ("next",)


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    title: str
    text: str


class InputLimitsMiddleware:
    """Must come before everything that reads the query or the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refusal = refusal_of_headers(request) or refusal_of_content(request)
        if refusal is not None:
            return error_response(request, refusal.status, refusal.title, refusal.text)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """From a view that reads a value of a form as a document of its own."""
        if not isinstance(exception, LimitExceeded):
            return None
        refusal = refusal_of_limit(exception)
        return error_response(request, refusal.status, refusal.title, refusal.text)


def refusal_of_limit(error: LimitExceeded) -> Refusal:
    text = f"{error} Nothing was saved."
    return Refusal(error.status, "Request too large" if error.status == 413 else "Input too large", text)


def refusal_of_headers(request: HttpRequest) -> Refusal | None:
    """Reads neither query nor body."""
    meta = request.META
    if NUL in request.path:
        return Refusal(400, "Bad request", "The address contains the character NUL.")
    charset = (request.content_params or {}).get("charset", "").strip("\"' ").lower()
    if charset not in UTF_8:
        text = f"Send UTF-8. The charset “{charset[:40]}” is not accepted."
        return Refusal(415, "Unsupported encoding", text)
    encoding = meta.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity"):
        text = f"Send the body as it is. The Content-Encoding “{encoding[:40]}” is not accepted."
        return Refusal(415, "Unsupported encoding", text)
    length = meta.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return Refusal(400, "Bad request", "The header Content-Length is not a number.")
    if len(length) > 20 or int(length) > LIMITS.body:
        return refusal_of_limit(LimitExceeded("body"))
    return None


def refusal_of_content(request: HttpRequest) -> Refusal | None:
    try:
        check_query(request.GET)
        if request.method == "POST" and request.content_type in FORMS:
            check_names(request.POST)
            check_names(request.FILES)
    except LimitExceeded as error:
        return refusal_of_limit(error)
    except (TooManyFieldsSent, TooManyFilesSent):
        return refusal_of_limit(LimitExceeded("nodes"))
    except RequestDataTooBig:
        return refusal_of_limit(LimitExceeded("body"))
    except (MultiPartParserError, UnreadablePostError, RawPostDataException):
        return Refusal(400, "Bad request", "The form cannot be read. Nothing was saved. Submit it again.")
    return None


def check_query(query: QueryDict) -> None:
    """Raises :class:`LimitExceeded`."""
    check_names(query)
    for name, values in query.lists():
        if name not in NOT_LIMITED and any(len(value) > LIMITS.query for value in values):
            raise LimitExceeded("query")


def check_names(names: Iterable[str]) -> None:
    """Names of fields may be paths (``/env/@1/name``). Raises :class:`LimitExceeded`."""
    for name in names:
        if bytes_in(name) > LIMITS.key:
            raise LimitExceeded("key")
        if name.count("/") > LIMITS.depth:
            raise LimitExceeded("depth")
