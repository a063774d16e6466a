"""Withdrawing a contract is creating its withdrawal; offering it again is deleting that."""

from __future__ import annotations

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
    contract = visible_contract(request, name)
    try:
        contract.withdraw(by=person(request), reason=request.POST.get("reason", ""))
    except ReasonMissing as missing:
        return asked_again(request, contract, str(missing))
    messages.success(request, f"{contract.title} is withdrawn. Its instances live on.")
    return redirect(contract)


@require_POST
@login_required
def delete_withdrawal(request: HttpRequest, name: str) -> HttpResponse:
    contract = visible_contract(request, name)
    try:
        contract.reinstate(by=person(request), reason=request.POST.get("reason", ""))
    except ReasonMissing as missing:
        return asked_again(request, contract, str(missing))
    messages.success(request, f"{contract.title} is in the catalog again.")
    return redirect(contract)


def asked_again(request: HttpRequest, contract: Contract, problem: str) -> HttpResponse:
    context = {**aside(request, contract), "problem": problem}
    return render(request, "contracts/withdrawal.html", context, status=422)
