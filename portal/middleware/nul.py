"""Replaces the character NUL in requests: PostgreSQL cannot store it, and no name or YAML contains it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict

NUL, SHOWN_INSTEAD = "\x00", "\N{REPLACEMENT CHARACTER}"


class ReplaceNulMiddleware:
    """A NUL in input becomes a visible character, so that the rest is preserved.

    Must come after the CSRF middleware, which reads the form as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if has_nul(request.GET):
            request.GET = replaced(request.GET)  # type: ignore[assignment]
        if request.method == "POST" and has_nul(request.POST):
            request.POST = replaced(request.POST)  # type: ignore[assignment]
        return self.get_response(request)


def has_nul(typed: QueryDict) -> bool:
    return any(NUL in name or any(NUL in str(value) for value in values) for name, values in typed.lists())


def replaced(typed: QueryDict) -> QueryDict:
    copy = QueryDict(mutable=True, encoding=typed.encoding)
    for name, values in typed.lists():
        copy.setlist(
            name.replace(NUL, SHOWN_INSTEAD), [str(value).replace(NUL, SHOWN_INSTEAD) for value in values]
        )
    copy._mutable = False
    return copy
