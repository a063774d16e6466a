"""Deleting an instance, and trying a refused change again."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.changes import propose_deletion, propose_retry
from catalog.views.create import refusal, signed_in
from catalog.views.edit import find_instance
from portal.accounts.permission import can


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows what will go, from the recorded inventory, and asks for the name."""
    instance = find_instance(request, pk)
    decision = can(signed_in(request), "delete", instance)
    if not decision:
        return refusal(
            request, instance.contract, f"You cannot delete {instance.name}", decision.reason, status=403
        )
    problem = ""
    if request.method == "POST":
        if request.POST.get("name", "").strip() == instance.name:
            change = propose_deletion(instance=instance, by=signed_in(request))
            return redirect("catalog:instance", pk=pk) if change else redirect("catalog:instances")
        problem = f"Type “{instance.name}” to say that you mean this one."
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
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the refused change to the cluster once more, as it is."""
    instance = find_instance(request, pk)
    decision = can(signed_in(request), "edit", instance)
    refused = instance.changes.newest_refused()
    if not decision:
        messages.error(request, decision.reason)
    elif refused is None or not propose_retry(refused, by=signed_in(request)):
        messages.info(request, "There is nothing to try again.")
    return redirect(reverse("catalog:instance", args=[pk]))
