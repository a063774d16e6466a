"""The account page: teams and roles, API tokens, theme."""

from __future__ import annotations

from math import ceil
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import throttle
from portal.accounts.forms import LIFETIMES, OwnPasswordForm, TokenForm
from portal.accounts.models import User
from portal.accounts.passwords import change_own_password
from portal.audit.record import record


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    return show(request, TokenForm(user=signed_in(request)))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change_password(request: HttpRequest) -> HttpResponse:
    """The only page that opens while the password is a temporary one."""
    user = signed_in(request)
    form = OwnPasswordForm(user, request.POST if request.method == "POST" else None)
    key = throttle.key_of(user.username, str(request.META.get("REMOTE_ADDR", "")))
    wait = throttle.begin_attempt(key, timezone.now()) if form.is_bound else None
    if wait:  # a stolen session must not find out the password
        form = OwnPasswordForm(user)
    elif form.is_valid():
        throttle.reset(key)
        changed = change_own_password(user, form.cleaned_data["new_password1"])
        update_session_auth_hash(request, changed)  # this session goes on, with another key
        messages.success(
            request, "Password changed. Your other sessions ended, and your API tokens are revoked."
        )
        return redirect("home:home" if user.temporary_until else "accounts:account")
    template = "accounts/temporary_password.html" if user.temporary_until else "accounts/password.html"
    minutes = ceil(wait.total_seconds() / 60) if wait else 0
    status = 429 if wait else 422 if form.errors else 200
    return render(request, template, {"form": form, "minutes": minutes}, status=status)


@require_POST
@login_required
def create_token(request: HttpRequest) -> HttpResponse:
    """The response is the only place that shows the token; it is never stored in a session."""
    user = signed_in(request)
    form = TokenForm(request.POST, user=user)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # of two at once, the second waits
        if not form.is_valid():
            return show(request, form, status=422)
        token, text = form.issue()
        record("apitoken.created", subject=token, by=user)
    response = show(request, TokenForm(user=user), created=token, text=text)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def delete_token(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    with transaction.atomic():
        token = user.api_tokens.select_for_update().filter(pk=pk).first()
        if token is not None:
            record("apitoken.revoked", subject=token, by=user)
            token.delete()
    if token is None:  # the second click
        messages.info(request, "This token does not exist any more.")
    else:
        messages.success(request, f"Token “{token.name}” revoked.")
    return redirect("accounts:account")


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def show(request: HttpRequest, form: TokenForm, status: int = 200, **extra: Any) -> HttpResponse:
    user = signed_in(request)
    context = {
        "memberships": user.memberships.select_related("team").prefetch_related("team__namespaces"),
        "tokens": user.api_tokens.all(),
        "form": form,
        "lifetimes": LIFETIMES,
        "themes": {"auto": "System", "light": "Light", "dark": "Dark"},
        "now": timezone.now(),
        **extra,
    }
    return render(request, "accounts/account.html", context, status=status)
