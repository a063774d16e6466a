"""The page of the audit log, with filters in the URL, newest entries first."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.permission import PLATFORM, can, sees_everything
from portal.audit.models import Entry
from portal.audit.wording import describe
from portal.search_words import search_words

PER_PAGE = 50


@require_safe
@login_required
def list_entries(request: HttpRequest) -> HttpResponse:
    decision = can(request.user, "audit", PLATFORM)
    if not decision:
        raise PermissionDenied(decision.reason)
    filters = {name: request.GET.get(name, "").strip() for name in ("q", "verb", "team")}
    visible = Entry.objects.visible_to(request.user)
    page = Paginator(found(visible, **filters), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "entries": [describe(entry) for entry in page],
        "filters": filters,
        "filtered": any(filters.values()),
        "sees_everything": sees_everything(request.user),
        "verbs": visible.order_by("verb").values_list("verb", flat=True).distinct(),
        "teams": visible.exclude(team_slug="")
        .order_by("team_slug")
        .values_list("team_slug", flat=True)
        .distinct(),
    }
    return render(request, "audit/list.html", context)


def found(entries: QuerySet[Entry], *, q: str, verb: str, team: str) -> QuerySet[Entry]:
    for word in search_words(q):
        entries = entries.filter(Q(actor_name__icontains=word) | Q(subject_name__icontains=word))
    if verb:
        entries = entries.filter(verb=verb)
    if team:
        entries = entries.filter(team_slug=team)
    return entries
