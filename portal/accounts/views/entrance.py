"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth

from portal.accounts.demo import DEMO_ACCOUNTS


class Login(auth.LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = DEMO_ACCOUNTS if settings.EMBEDDED else ()
        return super().get_context_data(demo_accounts=shown, **kwargs)


class Logout(auth.LogoutView):
    http_method_names = ("post", "options")
