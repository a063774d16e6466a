"""Deleting an instance, cancelling a change, and retrying a refused one."""

from __future__ import annotations

import contextlib

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.change_transitions import TransitionNotAllowed
from catalog.changes import cancel_change, may_cancel, propose_deletion, propose_retry
from catalog.models import Instance
from catalog.views.shared import find_instance, refusal_page, signed_in_user
from portal.accounts.permission import can


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """List what will be deleted, and require the name as confirmation."""
    instance = find_instance(request, pk)
    decision = can(signed_in_user(request), "delete", instance)
    if not decision:
        title = f"You cannot delete {instance.name}"
        return refusal_page(request, instance.contract, title, decision.reason, status=403)
    problem = ""
    if request.method == "POST":
        if request.POST.get("name", "").strip() == instance.name:
            with contextlib.suppress(Instance.DoesNotExist):  # deleted meanwhile: its page says so
                propose_deletion(instance=instance, by=signed_in_user(request))
            return redirect("catalog:instance", pk=pk)
        problem = f"Type “{instance.name}” to confirm."
    context = {
        "instance": instance,
        "contract": instance.contract,
        "resources": list(instance.resources.order_by("node", "index", "name")),
        "problem": problem,
        "typed": request.POST.get("name", ""),
    }
    return render(request, "catalog/delete.html", context, status=422 if problem else 200)


@require_POST
@login_required
def cancel(request: HttpRequest, pk: int, change: int) -> HttpResponse:
    """Cancel a change that is not being delivered yet."""
    instance, user = find_instance(request, pk), signed_in_user(request)
    found = get_object_or_404(instance.changes.select_related("instance", "team"), pk=change)
    decision = may_cancel(user, found)
    if not decision:
        title = f"You cannot cancel changes of {instance.name}"
        return refusal_page(request, instance.contract, title, decision.reason, status=403)
    try:
        cancel_change(found, by=user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Change cancelled.")
    query = "?tab=history" if request.GET.get("tab") == "history" else ""
    return redirect(reverse("catalog:instance", args=[pk]) + query)


@require_POST
@login_required
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Deliver the refused change once more, unchanged."""
    instance = find_instance(request, pk)
    decision = can(signed_in_user(request), "edit", instance)
    refused = instance.changes.newest_refused()
    if not decision:
        messages.error(request, decision.reason)
    elif refused is None or not propose_retry(refused, by=signed_in_user(request)):
        messages.info(request, "Nothing to retry.")
    return redirect(reverse("catalog:instance", args=[pk]))
