"""Access for every contract view: the current user, permission to write contracts, visible rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from contracts.models import Contract, Draft, Revision
from portal.accounts.models import User
from portal.accounts.permission import PLATFORM, can

AUTHORS_ONLY = "Only engineers of a team can write contracts. Ask a team admin."

View = TypeVar("View", bound=Callable[..., HttpResponse])


def current_user(request: HttpRequest) -> User:
    """The signed-in user. Only for views with ``login_required``."""
    return cast(User, request.user)


def author_required(view: View) -> View:
    """Allows engineers of any team and platform engineers; others get 403 with the reason."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not can(request.user, "author", PLATFORM):
            raise PermissionDenied(AUTHORS_ONLY)
        return view(request, *args, **kwargs)

    return cast(View, guarded)


def visible_contract(request: HttpRequest, name: str) -> Contract:
    contracts = Contract.objects.visible_to(request.user).select_related("owner", "revision")
    return get_object_or_404(contracts, name=name)


def revision_of(contract: Contract, number: int) -> Revision:
    return get_object_or_404(contract.revisions.select_related("author"), number=number)


def own_draft(request: HttpRequest, pk: int) -> Draft:
    """A draft of the current user; 404 for drafts of other users."""
    return get_object_or_404(own_drafts(request), pk=pk)


def own_drafts(request: HttpRequest) -> QuerySet[Draft]:
    return Draft.objects.filter(author=current_user(request)).select_related("contract")


def draft_is_gone(request: HttpRequest) -> HttpResponse:
    """The answer to a form of a draft that another window, or the first of two clicks, has ended."""
    messages.info(request, "This draft was published or deleted.")
    return redirect("contracts:list")
