"""The account page: teams and roles, API tokens, theme."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.forms import LIFETIMES, TokenForm
from portal.accounts.models import User
from portal.audit.record import record


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    return show(request, TokenForm(user=signed_in(request)))


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
