"""The character NUL is in no name and no YAML, and PostgreSQL cannot keep it. It is taken out where
requests come in."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict

NUL, SHOWN_INSTEAD = "\x00", "\N{REPLACEMENT CHARACTER}"


class WithoutNul:
    """Middleware: a typed NUL becomes a visible character, so that nothing else of the input is lost.

    Stands behind the CSRF middleware, which reads the same form anyway. In an address a NUL is refused (400).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path:
            raise SuspiciousOperation("The address contains the character NUL.")
        if has_nul(request.GET):
            request.GET = replaced(request.GET)  # type: ignore[assignment]
        if request.method == "POST" and has_nul(request.POST):
            request.POST = replaced(request.POST)  # type: ignore[assignment]
        return self.get_response(request)


def has_nul(typed: QueryDict) -> bool:
    return any(NUL in name or any(NUL in str(value) for value in values) for name, values in typed.lists())


def replaced(typed: QueryDict) -> QueryDict:
    made = QueryDict(mutable=True, encoding=typed.encoding)
    for name, values in typed.lists():
        made.setlist(
            name.replace(NUL, SHOWN_INSTEAD), [str(value).replace(NUL, SHOWN_INSTEAD) for value in values]
        )
    made._mutable = False
    return made
