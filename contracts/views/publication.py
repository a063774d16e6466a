"""Publishing a draft: what it would mean, and then doing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from contracts.models import Contract, Draft
from contracts.problems import Rejected, errors
from contracts.publishing import Judgement, Outrun, judge, publish
from contracts.views.access import authors_only, own_draft, person
from contracts.views.revision_diff import difference
from contracts.views.testing import test_results
from portal.accounts.models import User
from portal.accounts.permission import can


@require_http_methods(["GET", "HEAD", "POST"])
@authors_only
def publication(request: HttpRequest, pk: int) -> HttpResponse:
    draft = own_draft(request, pk)
    if request.method != "POST":
        return page(request, draft)
    confirmed = request.POST.get("breaking") == "on"
    reason = request.POST.get("reason", "") if confirmed else ""
    try:
        done = publish(
            draft.text,
            by=person(request),
            note=request.POST.get("note", ""),
            breaking_reason=reason,
            draft=draft,
            after=int(after) if (after := request.POST.get("after", "")).isdecimal() else None,
        )
    except Outrun as outrun:
        return page(request, draft, outrun=str(outrun), status=409)
    except Rejected:
        return page(request, draft, status=422)
    except PermissionDenied as refusal:
        return page(request, draft, refusal=str(refusal), status=403)
    if done.new:
        messages.success(request, f"{done.contract.title}: revision {done.revision.number} is published.")
    else:
        messages.info(
            request, f"Nothing was published: revision {done.revision.number} already has this very text."
        )
    return redirect(done.contract)


def page(
    request: HttpRequest, draft: Draft, *, refusal: str = "", outrun: str = "", status: int = 200
) -> HttpResponse:
    judgement = judge(draft.text, by=person(request))
    context: dict[str, Any] = {
        "draft": draft,
        "judgement": judgement,
        "error_count": len(errors(judgement.problems)),
        "shown": judgement.compilation.presentation,
        "refusal": refusal or missing_right(person(request), judgement),
        "outrun": outrun,
        "difference": difference(judgement.newest.text, draft.text) if judgement.newest else None,
        "tests": test_results(judgement.compilation),
        "posted": request.POST,
        "reason_missing": status == 422 and bool(judgement.breaking) and judgement.acceptable,
    }
    return render(request, "contracts/publication.html", context, status=status)


def missing_right(user: User, judgement: Judgement) -> str:
    """Why this person may not publish it, in words; empty when they may, or when nobody owns it yet."""
    if judgement.owner is None:
        return ""
    owners = {judgement.owner} | ({judgement.contract.owner} if judgement.contract else set())
    for team in owners:
        name = judgement.contract.name if judgement.contract else f"a contract of {team.name}"
        decision = can(user, "publish", Contract(name=name, owner=team))
        if not decision:
            return decision.reason
    return ""
