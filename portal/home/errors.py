"""Error pages: what happened, and what to do next. They never show a traceback or a path of the server."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from portal.database_busy import is_busy
from portal.home.typed import typed_text

RETRY_AFTER = "2"  # seconds


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(
        request,
        400,
        "Bad request",
        "Go back, check your input and submit it again.",
    )


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``PermissionDenied`` has the reason from ``can()``."""
    return error_response(
        request, 403, "Permission denied", str(exception) or "You do not have permission for this."
    )


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api_request(request):
        text = f"No endpoint {request.path}. See /api/docs/ for all endpoints."
    else:
        text = "It does not exist, or it belongs to a team that you are not in."
    return error_response(request, 404, "Page not found", text)


@requires_csrf_token
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = (
        "You signed in again since the page was opened, it was open for too long, or cookies are disabled. "
        "Nothing was saved. Go back, reload the page and try again."
    )
    return error_response(request, 403, "Your form expired", text)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Uses no database and no context processor, which may be the cause of the error."""
    if is_busy(sys.exc_info()[1]):  # raised by a middleware, such as that of sessions
        return busy(request)
    if is_api_request(request):
        text = "Internal error; it was logged. Running instances are not affected. Try again."
        return error_response(request, 500, "", text)
    return HttpResponse(loader.get_template("errors/broken.html").render({}), status=500)


def busy(request: HttpRequest) -> HttpResponse:
    """The database is locked by others. Uses neither the database nor a context processor."""
    text = "The database is busy. Nothing was saved. Try again in a few seconds."
    response: HttpResponse
    if is_api_request(request):
        response = JsonResponse({"message": text, "problems": []}, status=503)
    else:
        page = loader.get_template("errors/busy.html").render({"text": text, "typed": typed_text(request)})
        response = HttpResponse(page, status=503)
    response["Retry-After"] = RETRY_AFTER
    return response


def is_api_request(request: HttpRequest) -> bool:
    """Whether the client expects JSON."""
    return request.path.startswith("/api/v")


def error_response(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if is_api_request(request):
        return JsonResponse({"message": text, "problems": []}, status=status)
    framed = getattr(request, "user", None) is not None and request.user.is_authenticated
    template = "errors/framed.html" if framed else "errors/plain.html"
    context = {"status": status, "heading": title, "text": text, "typed": typed_text(request)}
    return render(request, template, context, status=status)
