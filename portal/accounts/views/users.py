"""The users of the portal and their portal roles, for portal admins."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.models import PortalRole, User
from portal.accounts.permission import PLATFORM, can
from portal.accounts.portal_roles import LastPortalAdmin, set_portal_role
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
