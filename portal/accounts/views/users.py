"""The users of the portal, their portal roles and passwords, for portal admins."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.forms import UserForm
from portal.accounts.models import PortalRole, User
from portal.accounts.passwords import set_temporary_password
from portal.accounts.permission import PLATFORM, can
from portal.accounts.portal_roles import LastPortalAdmin, set_portal_role
from portal.accounts.users import create_user, set_active
from portal.search_words import search_words

PER_PAGE = 50


def require_portal_admin(request: HttpRequest) -> None:
    decision = can(request.user, "administer", PLATFORM)
    if not decision:
        raise PermissionDenied(decision.reason)


@require_safe
@login_required
def list_users(request: HttpRequest) -> HttpResponse:
    require_portal_admin(request)
    return show(request)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """The response to the form is the only place that shows the temporary password."""
    require_portal_admin(request)
    form = UserForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/user_new.html", {"form": form}, status=422 if form.errors else 200)
    assert isinstance(request.user, User)
    try:
        password = create_user(form.instance, by=request.user)
    except IntegrityError:  # the second of two at once
        form.add_error("username", "Another user has this username.")
        return render(request, "accounts/user_new.html", {"form": form}, status=422)
    return show_user(request, form.instance, password=password)


@require_safe
@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    require_portal_admin(request)
    return show_user(request, get_object_or_404(User, pk=pk))


@require_POST
@login_required
def reset_password(request: HttpRequest, pk: int) -> HttpResponse:
    """As for :func:`create`, the response shows the password once."""
    require_portal_admin(request)
    user = get_object_or_404(User, pk=pk)
    if user == request.user:
        return show_user(request, user, status=409, problem="Change your own password on your account page.")
    assert isinstance(request.user, User)
    return show_user(request, user, password=set_temporary_password(user, by=request.user))


@require_POST
@login_required
def change_active(request: HttpRequest, pk: int) -> HttpResponse:
    require_portal_admin(request)
    user = get_object_or_404(User, pk=pk)
    active = request.POST.get("active") == "on"
    if user == request.user and not active:
        return show_user(request, user, status=409, problem="You cannot deactivate your own account.")
    assert isinstance(request.user, User)
    try:
        changed = set_active(user, active, by=request.user)
    except LastPortalAdmin as refusal:
        return show_user(request, user, status=409, problem=str(refusal))
    if changed:
        messages.success(
            request, f"{user.display_name} {'can sign in again' if active else 'was deactivated'}."
        )
    return redirect("accounts:user", pk)


def show_user(
    request: HttpRequest, user: User, *, status: int = 200, problem: str = "", password: str = ""
) -> HttpResponse:
    context = {
        "subject": user,
        "memberships": user.memberships.select_related("team"),
        "token_count": user.api_tokens.count(),
        "password": password,
        "problem": problem,
        "now": timezone.now(),
    }
    response = render(request, "accounts/user.html", context, status=status)
    if password:
        response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def change_portal_role(request: HttpRequest, pk: int) -> HttpResponse:
    require_portal_admin(request)
    user = get_object_or_404(User, pk=pk)
    role = request.POST.get("portal_role")
    if role not in PortalRole.values:
        return show(request, status=422, problem="Unknown role.")
    assert isinstance(request.user, User)
    try:
        changed = set_portal_role(user, PortalRole(role), by=request.user)
    except LastPortalAdmin as refusal:
        return show(request, status=409, problem=str(refusal))
    outcome = f"now has the portal role {PortalRole(role).label}." if role else "has no portal role now."
    if changed:
        messages.success(request, f"{user.display_name} {outcome}")
    if user == request.user and role != PortalRole.ADMIN:
        return redirect("accounts:teams")  # they may no longer open this page
    query = request.GET.urlencode()
    return redirect(f"{reverse('accounts:users')}{'?' if query else ''}{query}")


def show(request: HttpRequest, status: int = 200, problem: str = "") -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = User.objects.prefetch_related("memberships__team").order_by("username")
    for word in search_words(text):
        found = found.filter(
            Q(username__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
        )
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "text": text,
        "roles": PortalRole.choices,
        "problem": problem,
    }
    return render(request, "accounts/users.html", context, status=status)
