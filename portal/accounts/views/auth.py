"""Signing in and out."""

from __future__ import annotations

from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.accounts import throttle
from portal.accounts.demo import DEMO_ACCOUNTS


class Login(auth.LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = DEMO_ACCOUNTS if settings.EMBEDDED else ()
        return super().get_context_data(demo_accounts=shown, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wait = throttle.remaining_wait(self.key, timezone.now())
        return self.too_many(ceil(wait.total_seconds())) if wait else super().post(request, *args, **kwargs)

    def too_many(self, seconds: int) -> HttpResponse:
        """The password is not checked, so that further attempts reveal nothing."""
        context = self.get_context_data(form=self.get_form_class()(self.request), minutes=ceil(seconds / 60))
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        throttle.reset(self.key)
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        throttle.record_failure(self.key, timezone.now())
        return super().form_invalid(form)

    @property
    def key(self) -> str:
        return throttle.key_of(
            self.request.POST.get("username", ""), self.request.META.get("REMOTE_ADDR", "")
        )


class Logout(auth.LogoutView):
    http_method_names = ("post", "options")
