"""Asking for a new instance: the form, its live preview, its YAML view, and the submission."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.availability import (
    creation_destination,
    may_create_somewhere,
    namespaces_for,
    usable_contract,
)
from catalog.changes import ContractWithdrawn, NameTaken, propose_creation
from catalog.forms.instance_form import UsableContract, blank_text, from_text
from catalog.forms.spec_diff import asked_for
from catalog.models import Change, DeletedInstance, FormDraft, Instance
from catalog.views.form_page import (
    Page,
    add_problems,
    new_submission,
    posted_page,
    pressed_button,
    submission_of,
)
from catalog.views.form_responses import form_page, preview_answer
from contracts.models import Contract
from contracts.problems import Problem
from portal.accounts.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create(request: HttpRequest, name: str) -> HttpResponse:
    contract = find_contract(request, name)
    user = signed_in(request)
    decision = may_create_somewhere(user, contract)
    if not decision:
        return refusal(request, contract, "You cannot create this", decision.reason, status=403)
    usable = usable_contract(contract)
    if usable is None:
        return refusal(request, contract, "This contract cannot be used right now", _BROKEN, status=409)
    if request.method == "POST":
        sending = wants_to_send(request)
        page = posted_page(request, user, contract, usable, sending=sending)
        FormDraft.keep(user, contract, None, page.form.text)
        if sending:
            return submit(request, page)
        return form_page(request, page)
    if contract.withdrawn:
        return refusal(request, contract, f"“{contract.title}” was withdrawn", _WITHDRAWN, status=409)
    return form_page(request, fresh_page(request, user, contract, usable))


_BROKEN = "Its newest revision does not compile with the kinds known today. Its owner has to publish again."
_WITHDRAWN = "Nothing new can be created with it. What was created before lives on and can still be edited."


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def find_contract(request: HttpRequest, name: str) -> Contract:
    visible = Contract.objects.visible_to(request.user).select_related("owner", "revision")
    return get_object_or_404(visible, name=name, revision__isnull=False)


def refusal(request: HttpRequest, contract: Contract, title: str, text: str, *, status: int) -> HttpResponse:
    context = {"contract": contract, "title": title, "text": text}
    return render(request, "catalog/refusal.html", context, status=status)


def wants_to_send(request: HttpRequest) -> bool:
    """Whether the button that was pressed sends the form, and does not only change or show it differently."""
    return not pressed_button(request)


def fresh_page(request: HttpRequest, user: User, contract: Contract, usable: UsableContract) -> Page:
    """A blank form, the draft that was left behind, or a copy of another instance (``?from=7``)."""
    draft = FormDraft.of(user, contract, None)
    source = copied_from(request, user, contract)
    if source is not None:
        namespace = source.namespace if source.namespace in {n.name for n in namespaces_for(user)} else ""
        spec = asked_for(usable.schema, source.spec, None)
        text = blank_text(usable, namespace=namespace, spec=spec)
    elif draft is not None:
        text = draft.text
    else:
        own = namespaces_for(user)
        text = blank_text(usable, namespace=own[0].name if len(own) == 1 else "")
    page = Page(user, contract, usable, from_text(usable, text, patient=True), submission=new_submission())
    page.continued = draft if source is None else None
    page.copied = source
    return page


def copied_from(request: HttpRequest, user: User, contract: Contract) -> Instance | DeletedInstance | None:
    key = request.GET.get("from", "")
    if not key.isdecimal() or len(key) > 18:
        return None
    here = Instance.objects.visible_to(user).filter(pk=int(key), contract=contract).first()
    return here or DeletedInstance.objects.visible_to(user).filter(pk=int(key), contract=contract).first()


def submit(request: HttpRequest, page: Page) -> HttpResponse:
    """The change and the row in one transaction, then the instance's page at once."""
    before = Change.objects.filter(submission=submission_of(page.submission), author=page.user).first()
    if before is not None and before.instance is not None:
        return redirect(before.instance)
    if not page.form.ok:
        return form_page(request, page, status=422)
    try:
        change = propose_creation(
            contract=page.contract,
            destination=creation_destination(),
            manifest=page.form.manifest,
            by=page.user,
            submission=submission_of(page.submission),
        )
    except NameTaken as taken:
        add_problems(page.form, [Problem("name-taken", str(taken), "metadata.name")])
        return form_page(request, page, status=422)
    except ContractWithdrawn as withdrawn:
        add_problems(
            page.form, [Problem("contract-withdrawn", f"{withdrawn} Your draft is kept.", "contract")]
        )
        return form_page(request, page, status=409)
    FormDraft.discard(page.user, page.contract, None)
    assert change.instance is not None
    return redirect(change.instance)


@require_POST
@login_required
def preview_creation(request: HttpRequest, name: str) -> HttpResponse:
    """While typing: the same draft, judged again. Only messages and preview are drawn anew when nothing
    moved.
    """
    contract = find_contract(request, name)
    usable = usable_contract(contract)
    user = signed_in(request)
    if usable is None or not may_create_somewhere(user, contract):
        return HttpResponse(status=409)
    page = posted_page(request, user, contract, usable)
    FormDraft.keep(user, contract, None, page.form.text, submission_of(page.submission))
    return preview_answer(request, page)


@require_POST
@login_required
def discard(request: HttpRequest, name: str) -> HttpResponseRedirect:
    """Start over."""
    contract = find_contract(request, name)
    FormDraft.discard(signed_in(request), contract, None)
    messages.info(request, "The draft was thrown away.")
    return HttpResponseRedirect(reverse("catalog:create", args=[contract.name]))
