"""The publish page of a draft: review, then publish."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contracts.models import Draft
from contracts.problems import Rejected, errors
from contracts.publishing import (
    PublishRequest,
    Review,
    StaleRevision,
    denial,
    publish_request,
    review_publication,
)
from contracts.views.access import author_required, current_user, draft_is_gone, own_draft, own_drafts
from contracts.views.revision_diff import text_diff
from contracts.views.testing import test_results


@require_http_methods(["GET", "HEAD", "POST"])
@author_required
def publication(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return page(request, own_draft(request, pk))
    draft = own_drafts(request).filter(pk=pk).first()
    if draft is None:
        return draft_is_gone(request)
    confirmed = request.POST.get("breaking") == "on"
    reason = request.POST.get("reason", "") if confirmed else ""
    try:
        done = publish_request(
            PublishRequest(
                draft.text,
                by=current_user(request),
                note=request.POST.get("note", ""),
                breaking_reason=reason,
                draft=draft,
                after=int(after) if (after := request.POST.get("after", "")).isdecimal() else None,
            )
        )
    except StaleRevision as stale:
        return page(request, draft, stale=str(stale), status=409)
    except Rejected:
        return page(request, draft, status=422)
    except PermissionDenied as refusal:
        return page(request, draft, denied=str(refusal), status=403)
    if done.new:
        messages.success(request, f"{done.contract.title}: revision {done.revision.number} published.")
    else:
        messages.info(request, f"Nothing to publish: revision {done.revision.number} is identical.")
    return redirect(done.contract)


def page(
    request: HttpRequest, draft: Draft, *, denied: str = "", stale: str = "", status: int = 200
) -> HttpResponse:
    review = review_publication(draft.text, by=current_user(request))
    context: dict[str, Any] = {
        "draft": draft,
        "review": review,
        "error_count": len(errors(review.problems)),
        "shown": review.compilation.presentation,
        "denial": denied or denial(review, current_user(request)),
        "stale": stale,
        "diff": text_diff(review.latest.text, draft.text) if review.latest else None,
        "reach": review.compilation.reach.entries,
        "grant_url": grant_url(request, draft, review),
        "tests": test_results(review.compilation),
        "posted": request.POST,
        "reason_missing": status == 422 and bool(review.breaking) and review.publishable,
    }
    return render(request, "contracts/publication.html", context, status=status)


def grant_url(request: HttpRequest, draft: Draft, review: Review) -> str:
    """The page on which a portal admin can grant what the draft reaches; empty when nothing is missing."""
    if all(problem.code != "needs-grant" for problem in review.problems):
        return ""
    return request.build_absolute_uri(reverse("contracts:draft-grant", args=[draft.pk]))
