"""The front page, the palette's results, and whether this process is well."""

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
    """What the palette shows; a page of its own when it is opened without JavaScript."""
    text = request.GET.get("q", "").strip()[:100]
    context = {"groups": find(request.user, text), "text": text}  # type: ignore[arg-type]
    return render(request, "home/_results.html" if request.htmx else "home/search.html", context)  # type: ignore[attr-defined]


@require_GET
@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """The banners alone, for pages that are open while something changes."""
    return render(request, "home/_banners.html")
