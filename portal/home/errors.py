"""Pages for what went wrong: what happened, and what to do next. They never show a traceback or a path of
the server."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return answer(request, 413, "That is too large", "Nothing was kept of it. Send less text at once.")
    return answer(
        request,
        400,
        "The request could not be understood",
        "Go back, look at what you typed, and send it again.",
    )


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``PermissionDenied`` carries the reason that ``can()`` gave."""
    return answer(request, 403, "You may not do that", str(exception) or "You lack the right for it.")


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_call(request):
        text = f"There is no {request.path} in this API. /api/docs/ lists what there is."
    else:
        text = "It does not exist, or it belongs to a team that you are not in."
    return answer(request, 404, "There is nothing here", text)


@requires_csrf_token
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = "The page was open for too long, or cookies are off. Go back, reload it, and send it again."
    return answer(request, 403, "The form was too old", text)


@requires_csrf_token
def broken(request: HttpRequest) -> HttpResponse:
    """Uses no database and no context processor: whatever broke the page may break those too."""
    if is_call(request):
        text = "Something broke on our side and was written to the log. What runs is not touched. Try again."
        return answer(request, 500, "", text)
    return HttpResponse(loader.get_template("errors/broken.html").render({}), status=500)


def is_call(request: HttpRequest) -> bool:
    """Whether a program asks, which reads JSON."""
    return request.path.startswith("/api/v")


def answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if is_call(request):
        return JsonResponse({"message": text, "problems": []}, status=status)
    framed = getattr(request, "user", None) is not None and request.user.is_authenticated
    template = "errors/framed.html" if framed else "errors/plain.html"
    return render(request, template, {"status": status, "heading": title, "text": text}, status=status)
