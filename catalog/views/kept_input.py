"""A form that is sent after its session ended: what was typed is kept until its user has signed in again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict

KEY = "kept_input"  # in the session: {"path": …, "body": …} of the newest such form
LONGEST = 500_000  # characters
SIGNED_OUT = "Your session had ended. Nothing was submitted: check your input, then submit it again."


def keeps_input(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Requires a signed-in user. A form that an anonymous user sends is shown again after the sign-in.

    The view sees it as typed, not as submitted: what the button would have done is not done by signing in.
    The request has passed the check of its CSRF token, so no other site can put anything here.
    """

    @wraps(view)
    def keeping(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            if request.method == "POST":
                body = request.POST.urlencode()
                if len(body) <= LONGEST:
                    request.session[KEY] = {"path": request.path, "body": body}
                return redirect_to_login(request.path)
            return login_required(view)(request, *args, **kwargs)
        kept = request.session.get(KEY)
        if request.method == "GET" and kept and kept["path"] == request.path:
            del request.session[KEY]
            request.method, request.POST = "POST", QueryDict(kept["body"] + "&_kept=1")
            messages.warning(request, SIGNED_OUT)
        return view(request, *args, **kwargs)

    return keeping


def is_kept(request: HttpRequest) -> bool:
    """Whether the form was not sent now, but before the sign-in."""
    return request.POST.get("_kept") == "1"
