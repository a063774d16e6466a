"""A contract is withdrawn by creating its withdrawal, and reinstated by deleting it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from contracts.models import Contract, InvalidReason
from contracts.views.access import current_user, visible_contract
from contracts.views.detail import aside


@require_POST
@login_required
def create_withdrawal(request: HttpRequest, name: str) -> HttpResponse:
    return change_availability(request, name, Contract.withdraw, "was withdrawn. Its instances remain.")


@require_POST
@login_required
def delete_withdrawal(request: HttpRequest, name: str) -> HttpResponse:
    return change_availability(request, name, Contract.reinstate, "is available in the catalog again.")


def change_availability(
    request: HttpRequest, name: str, change: Callable[..., None], outcome: str
) -> HttpResponse:
    """Withdraw or reinstate it; without a reason the form is shown again with an error."""
    contract = visible_contract(request, name)
    reason = request.POST.get("reason", "")
    try:
        change(contract, by=current_user(request), reason=reason)
    except InvalidReason as missing:
        context = {**aside(request, contract), "problem": str(missing), "typed": reason}
        return render(request, "contracts/withdrawal.html", context, status=422)
    messages.success(request, f"{contract.title} {outcome}")
    return redirect(contract)
