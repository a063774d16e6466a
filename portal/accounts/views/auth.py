"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.accounts import throttle
from portal.accounts.demo import DEMO_ACCOUNTS
from portal.accounts.forms import SignInForm
from portal.accounts.models import User
from portal.accounts.sign_ins import record_sign_in


class Login(auth.LoginView):
    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = DEMO_ACCOUNTS if settings.DEMO else ()
        return super().get_context_data(demo_accounts=shown, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wait = throttle.begin_attempt(self.key, timezone.now())
        return self.too_many(wait) if wait else super().post(request, *args, **kwargs)

    def too_many(self, wait: timedelta) -> HttpResponse:
        """The password is not checked, so that further attempts reveal nothing."""
        record_sign_in("user.sign_in_throttled", self.named_user, address_of(self.request))
        seconds = ceil(wait.total_seconds())
        context = self.get_context_data(form=self.get_form_class()(self.request), minutes=ceil(seconds / 60))
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        assert isinstance(user, User)
        with transaction.atomic():
            throttle.reset(self.key)
            record_sign_in("user.signed_in", user, address_of(self.request))
            return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        record_sign_in("user.sign_in_failed", self.named_user, address_of(self.request))
        errors = form.non_field_errors().as_data()
        expired = next((error.message for error in errors if error.code == "expired"), "")
        return self.render_to_response(self.get_context_data(form=form, expired=expired))

    @cached_property
    def key(self) -> str:
        return throttle.key_of(self.request.POST.get("username", ""), address_of(self.request))

    @property
    def named_user(self) -> User | None:
        name = throttle.canonical(self.request.POST.get("username", ""))
        return User.objects.filter(username__iexact=name).first()


class Logout(auth.LogoutView):
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, User):
            record_sign_in("user.signed_out", request.user, address_of(request))
        return super().post(request, *args, **kwargs)


def address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
