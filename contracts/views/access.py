"""What every view of this room asks first: who is it, may they write contracts, which rows may they see."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from contracts.models import Contract, Draft, Revision
from portal.accounts.models import User
from portal.accounts.permission import PLATFORM, can

View = TypeVar("View", bound=Callable[..., HttpResponse])


def person(request: HttpRequest) -> User:
    """Who asks. Only for views behind ``login_required``."""
    return cast(User, request.user)


def authors_only(view: View) -> View:
    """Lets platform engineers and administrators in; others are told why not (403)."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not can(request.user, "author", PLATFORM):
            raise PermissionDenied(
                "Contracts are written by platform engineers. Ask an administrator of your team."
            )
        return view(request, *args, **kwargs)

    return cast(View, guarded)


def visible_contract(request: HttpRequest, name: str) -> Contract:
    contracts = Contract.objects.visible_to(request.user).select_related("owner", "revision")
    return get_object_or_404(contracts, name=name)


def revision_of(contract: Contract, number: int) -> Revision:
    return get_object_or_404(contract.revisions.select_related("author"), number=number)


def own_draft(request: HttpRequest, pk: int) -> Draft:
    """A draft belongs to its author alone; for everybody else it does not exist."""
    return get_object_or_404(Draft.objects.select_related("contract"), pk=pk, author=person(request))
