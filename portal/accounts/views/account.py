"""The account page: teams and roles, API tokens, theme."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.forms import LIFETIMES, TokenForm
from portal.accounts.models import APIToken
from portal.audit.record import record


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    return show(request, TokenForm())


@require_POST
@login_required
def create_token(request: HttpRequest) -> HttpResponse:
    """The response is the only place that shows the token; it is never stored in a session."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return show(request, form, status=422)
    with transaction.atomic():
        token, text = form.issue(request.user)  # type: ignore[arg-type]
        record("apitoken.created", subject=token, by=request.user)  # type: ignore[arg-type]
    response = show(request, TokenForm(), created=token, text=text)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def delete_token(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        token = get_object_or_404(APIToken.objects.select_for_update(), pk=pk, user=request.user)
        record("apitoken.revoked", subject=token, by=request.user)  # type: ignore[arg-type]
        token.delete()
    messages.success(request, f"Token “{token.name}” revoked.")
    return redirect("accounts:account")


def show(request: HttpRequest, form: TokenForm, status: int = 200, **extra: Any) -> HttpResponse:
    context = {
        "memberships": request.user.memberships.select_related("team").prefetch_related("team__namespaces"),  # type: ignore[union-attr]
        "tokens": APIToken.objects.filter(user=request.user),  # type: ignore[misc]
        "form": form,
        "lifetimes": LIFETIMES,
        "themes": {"auto": "System", "light": "Light", "dark": "Dark"},
        "now": timezone.now(),
        **extra,
    }
    return render(request, "accounts/account.html", context, status=status)
