"""Withdrawing a contract is creating its withdrawal; offering it again is deleting that."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from contracts.models import Contract, ReasonMissing
from contracts.views.access import person, visible_contract
from contracts.views.detail import aside


@require_POST
@login_required
def create_withdrawal(request: HttpRequest, name: str) -> HttpResponse:
    return decide(request, name, Contract.withdraw, "is withdrawn. Its instances live on.")


@require_POST
@login_required
def delete_withdrawal(request: HttpRequest, name: str) -> HttpResponse:
    return decide(request, name, Contract.reinstate, "is in the catalog again.")


def decide(request: HttpRequest, name: str, act: Callable[..., None], outcome: str) -> HttpResponse:
    """Do it for the reason that was given; without one the form is shown again and says so."""
    contract = visible_contract(request, name)
    try:
        act(contract, by=person(request), reason=request.POST.get("reason", ""))
    except ReasonMissing as missing:
        context = {**aside(request, contract), "problem": str(missing)}
        return render(request, "contracts/withdrawal.html", context, status=422)
    messages.success(request, f"{contract.title} {outcome}")
    return redirect(contract)
