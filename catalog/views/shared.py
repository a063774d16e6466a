"""What several views of the catalog need: the signed-in user, visible objects, and pages for refusals."""

from __future__ import annotations

from typing import NotRequired, TypedDict, Unpack

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from catalog.models import FormDraft, Instance
from catalog.views.form_page import pressed_button
from catalog.views.kept_input import is_kept
from contracts.models import Contract
from portal.accounts.models import User


class RefusalOptions(TypedDict):
    status: int
    draft: NotRequired[FormDraft | None]  # is shown, so that its author can copy the text
    reusable: NotRequired[bool]  # the draft can be used for a new instance


CONTRACT_UNUSABLE = (
    "Its latest revision does not compile with the kinds that are known today. Its owner must publish again."
)


def signed_in_user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def find_contract(request: HttpRequest, name: str) -> Contract:
    visible = Contract.objects.visible_to(request.user).select_related("owner", "revision")
    return get_object_or_404(visible, name=name, revision__isnull=False)


def find_instance(request: HttpRequest, pk: int) -> Instance:
    visible = Instance.objects.visible_to(request.user)
    related = visible.select_related(
        "contract", "contract__owner", "contract__revision", "team", "destination"
    )
    return get_object_or_404(related, pk=pk)


def refusal_page(
    request: HttpRequest, contract: Contract, title: str, text: str, **options: Unpack[RefusalOptions]
) -> HttpResponse:
    context = {
        # Of a draft that the user still has, they may not see the contract any more.
        "contract": Contract.objects.visible_to(request.user).filter(pk=contract.pk).first(),
        "name": contract.name,
        "title": title,
        "text": text,
        "draft": options.get("draft"),
        "reusable": options.get("reusable"),
    }
    return render(request, "catalog/refusal.html", context, status=options["status"])


def is_submission(request: HttpRequest) -> bool:
    """Whether the pressed button submits the form, and does not only change or validate it."""
    return not pressed_button(request) and not is_kept(request)
