"""Pages of portal admins: grant what a contract or a draft reaches, and revoke grants."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from contracts.grants import give, granted_keys, revoke
from contracts.known_kinds import compile_known
from contracts.models import Contract, Draft, Grant, InvalidReason
from contracts.publishing import review_publication
from contracts.views.access import current_user, visible_contract
from contracts.views.detail import aside
from contracts.views.highlight import highlighted
from portal.accounts.permission import PLATFORM, can


@require_POST
@login_required
def create_grant(request: HttpRequest, name: str) -> HttpResponse:
    """Grant what the latest revision reaches."""
    contract = visible_contract(request, name)
    text = contract.revision.text if contract.revision else ""
    reason = request.POST.get("reason", "")
    try:
        given = give(contract, compile_known(text).reach, by=current_user(request), reason=reason)
    except InvalidReason as missing:
        context = {**aside(request, contract), "problem": str(missing), "typed": reason}
        return render(request, "contracts/grant.html", context, status=422)
    messages.success(request, "Granted." if given else "Everything that it reaches is granted already.")
    return redirect(contract)


@require_POST
@login_required
def revoke_grant(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    contract = visible_contract(request, name)
    grant = get_object_or_404(Grant.objects.of(contract.name, contract.owner).select_related("owner"), pk=pk)
    reason = request.POST.get("reason", "")
    try:
        revoked = revoke(grant, by=current_user(request), reason=reason)
    except InvalidReason as missing:
        extra = {"problem": str(missing), "revoking": grant, "typed": reason}
        return render(request, "contracts/grant.html", {**aside(request, contract), **extra}, status=422)
    if revoked:
        messages.success(request, "The grant was revoked.")
    else:
        messages.info(request, "This grant was revoked before.")
    return redirect(contract)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def draft_grant(request: HttpRequest, pk: int) -> HttpResponse:
    """A portal admin reviews another user's draft and grants what it reaches."""
    decision = can(request.user, "administer", PLATFORM)
    if not decision:
        raise PermissionDenied(decision.reason)
    draft = get_object_or_404(Draft.objects.select_related("author"), pk=pk)
    if request.method != "POST":
        return show(request, draft)
    if request.POST.get("version") != draft.version:
        return show(
            request, draft, problem="The draft was changed in the meantime. Review it again.", status=409
        )
    review = review_publication(draft.text, by=draft.author)
    definition = review.compilation.definition
    if definition is None or review.owner is None:
        return show(request, draft, problem="Its owner is not known yet.", status=409)
    contract = Contract(name=definition.name, owner=review.owner, revision=review.latest)
    reason = request.POST.get("reason", "")
    try:
        give(contract, review.compilation.reach, by=current_user(request), reason=reason)
    except InvalidReason as missing:
        return show(request, draft, problem=str(missing), typed=reason, status=422)
    messages.success(request, f"Granted. {draft.author.display_name} can publish the contract now.")
    return redirect("contracts:draft-grant", draft.pk)


def show(
    request: HttpRequest, draft: Draft, *, problem: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    review = review_publication(draft.text, by=draft.author)
    definition, reach = review.compilation.definition, review.compilation.reach
    granted = granted_keys(definition.name, review.owner) if definition and review.owner else frozenset()
    context = {
        "draft": draft,
        "review": review,
        "shown": review.compilation.presentation,
        "missing": reach.exceeds(granted),
        "lines": highlighted(draft.text),
        "problem": problem,
        "typed": typed,
    }
    return render(request, "contracts/draft_grant.html", context, status=status)
