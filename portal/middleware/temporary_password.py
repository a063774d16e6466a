"""Until a temporary password is changed, nothing but the page that changes it opens."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from portal.accounts.models import User
from portal.home.errors import is_api_request


class TemporaryPasswordMiddleware:
    """Must come after the authentication middleware. API tokens need nothing: such a user has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or user.temporary_until is None:
            return self.get_response(request)
        page = reverse("accounts:change-password")
        if request.path in (page, reverse("accounts:logout")):
            return self.get_response(request)
        if is_api_request(request):
            text = "Change your temporary password first, on the page of the portal."
            return JsonResponse({"message": text, "problems": []}, status=403)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": page})
        return redirect(page)
