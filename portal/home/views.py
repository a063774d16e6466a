"""The home page, the results of the palette, and the notices."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from portal.home.search import find
from portal.home.sections import sections


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home/home.html", {"sections": sections(request)})


@require_GET
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Results for the palette; a complete page without JavaScript."""
    text = request.GET.get("q", "").strip()
    context = {"groups": find(request.user, text), "text": text}  # type: ignore[arg-type]
    return render(request, "home/_results.html" if request.htmx else "home/search.html", context)  # type: ignore[attr-defined]


@require_GET
@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """The notices alone, for open pages."""
    return render(request, "home/_notices.html")
