"""Teams: users see their own, team admins manage the members of theirs, portal admins manage all.

Every change is recorded in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.forms import MembershipForm, NamespaceForm, RoleForm, TeamForm
from portal.accounts.models import Membership, Role, Team, TeamNamespace, User
from portal.accounts.permission import PLATFORM, can, sees_everything
from portal.accounts.rights import lock_rights, require
from portal.audit.record import record
from portal.live.publish import publish


def changes_rights(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """All that the view reads and checks, the roles of the signed-in user included, is true until it ends."""

    @require_POST
    @login_required
    @wraps(view)
    def locked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                request.user = lock_rights(signed_in_user(request))
                return view(request, *args, **kwargs)
        except Gone as gone:
            messages.info(request, str(gone))
            return redirect("accounts:team", kwargs["slug"])

    return locked


class Gone(Exception):
    """Another request removed meanwhile what the page showed, such as the first of two clicks."""


def visible_teams(request: HttpRequest) -> QuerySet[Team]:
    return Team.objects.all() if sees_everything(request.user) else request.user.teams.all()  # type: ignore[union-attr]


def administered(request: HttpRequest, slug: str) -> Team:
    """The team, for portal admins. 404 for teams that the user does not see, 403 with a reason otherwise."""
    team = get_object_or_404(visible_teams(request), slug=slug)
    require(signed_in_user(request), "administer", PLATFORM)
    return team


def managed(request: HttpRequest, slug: str) -> Team:
    """The team, for those who may change its members. 404 and 403 as in :func:`administered`."""
    team = get_object_or_404(visible_teams(request), slug=slug)
    require(signed_in_user(request), "manage", team)
    return team


def managed_member(request: HttpRequest, slug: str, pk: int) -> tuple[Team, Membership]:
    team = managed(request, slug)
    member = team.memberships.select_related("user").filter(pk=pk).first()
    if member is None:
        raise Gone("This user is no longer a member of the team.")
    return team, member


@require_safe
@login_required
def list_teams(request: HttpRequest) -> HttpResponse:
    teams = visible_teams(request).annotate(
        member_count=Count("memberships", distinct=True), namespace_count=Count("namespaces", distinct=True)
    )
    context = {"teams": teams, "may_administer": can(request.user, "administer", PLATFORM)}
    return render(request, "accounts/teams.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create_team(request: HttpRequest) -> HttpResponse:
    require(signed_in_user(request), "administer", PLATFORM)
    if request.method == "POST":
        return save_team(request)
    return render(request, "accounts/team_new.html", {"form": TeamForm()})


@changes_rights
def save_team(request: HttpRequest) -> HttpResponse:
    require(signed_in_user(request), "administer", PLATFORM)
    form = TeamForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/team_new.html", {"form": form}, status=422)
    team = form.save()
    record("team.created", subject=team, by=signed_in_user(request), team_slug=team.slug)
    return redirect("accounts:team", team.slug)


@require_safe
@login_required
def team(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, get_object_or_404(visible_teams(request), slug=slug))


@changes_rights
def change_offer(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer the team's contracts to every team, or to the team only."""
    team = administered(request, slug)
    offers_to_all = request.POST.get("offers_to_all") == "on"
    unchanged = Team.objects.filter(pk=team.pk, offers_to_all=not offers_to_all)
    if unchanged.update(offers_to_all=offers_to_all):
        by, detail = signed_in_user(request), {"offers_to_all": offers_to_all}
        record("team.offer_changed", subject=team, by=by, team_slug=slug, detail=detail)
        publish("contracts", timezone.now().isoformat())
    whom = "every team" if offers_to_all else f"members of {team.name} only"
    messages.success(request, f"The contracts of {team.name} are offered to {whom}.")
    return redirect("accounts:team", slug)


@changes_rights
def create_membership(request: HttpRequest, slug: str) -> HttpResponse:
    team = managed(request, slug)
    form = MembershipForm(request.POST, team=team)
    if not form.is_valid():
        return show(request, team, status=422, member_form=form)
    membership = form.save()
    record_membership(request, "created", membership)
    messages.success(request, f"{membership.user.display_name} was added.")
    return redirect("accounts:team", slug)


@changes_rights
def change_membership(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    team, membership = managed_member(request, slug, pk)
    before = membership.role
    form = RoleForm(request.POST, instance=membership)
    if not form.is_valid():
        return show(request, team, status=422, problem="Unknown role.")
    form.save()
    if membership.role != before:
        record_membership(request, "changed", membership, before=before)
    messages.success(
        request, f"{membership.user.display_name} now has the role {membership.get_role_display()}."
    )
    return redirect("accounts:team", slug)


@changes_rights
def delete_membership(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    _, membership = managed_member(request, slug, pk)
    record_membership(request, "deleted", membership)
    membership.delete()
    messages.success(request, f"{membership.user.display_name} was removed.")
    if membership.user_id == signed_in_user(request).pk and not sees_everything(request.user):
        return redirect("accounts:teams")  # they no longer see this team
    return redirect("accounts:team", slug)


def record_membership(request: HttpRequest, what: str, membership: Membership, **more: str) -> None:
    detail = {"user": membership.user.username, "role": membership.role, **more}
    by, slug = signed_in_user(request), membership.team.slug
    record(f"membership.{what}", subject=membership, by=by, team_slug=slug, detail=detail)


@changes_rights
def create_namespace(request: HttpRequest, slug: str) -> HttpResponse:
    team = administered(request, slug)
    form = NamespaceForm(request.POST)
    if not form.is_valid():
        return show(request, team, status=422, namespace_form=form)
    form.instance.team, form.instance.changed_by = team, signed_in_user(request)
    namespace = form.save()
    messages.success(request, f"{namespace.name} was added to {team.name}.")
    return redirect("accounts:team", slug)


@changes_rights
def move_namespace(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Moves the namespace and its instances to another team."""
    team = administered(request, slug)
    namespace = owned_namespace(request, team, pk)
    target = Team.objects.exclude(pk=team.pk).filter(slug=request.POST.get("team", "")).first()
    if target is not None:
        namespace.team = target
        namespace.save()
    if target is None:
        return show(request, team, status=422, problem="Select the team that gets the namespace.")
    messages.success(request, f"{namespace.name} and its instances now belong to {target.name}.")
    return redirect("accounts:team", slug)


@changes_rights
def delete_namespace(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Removes the namespace from the team. The cluster is not changed."""
    team = administered(request, slug)
    namespace = owned_namespace(request, team, pk)
    namespace.delete()
    messages.success(request, f"{namespace.name} was removed from {team.name}.")
    return redirect("accounts:team", slug)


def owned_namespace(request: HttpRequest, team: Team, pk: int) -> TeamNamespace:
    """The namespace, whose owner may have changed since the page was shown."""
    namespace = team.namespaces.filter(pk=pk).first()
    if namespace is None:
        raise Gone("This namespace no longer belongs to the team.")
    namespace.changed_by = signed_in_user(request)
    return namespace


def signed_in_user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def show(request: HttpRequest, team: Team, status: int = 200, **extra: Any) -> HttpResponse:
    context = {
        "team": team,
        "memberships": team.memberships.select_related("user").order_by("user__username"),
        "namespaces": team.namespaces.all(),
        "other_teams": Team.objects.exclude(pk=team.pk),
        "roles": Role.choices,
        "may_manage": can(request.user, "manage", team),
        "may_administer": can(request.user, "administer", PLATFORM),
        "member_form": MembershipForm(team=team),
        "namespace_form": NamespaceForm(),
        **extra,
    }
    return render(request, "accounts/team.html", context, status=status)
