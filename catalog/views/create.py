"""Creating an instance: the form, its live preview, and the submission."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.availability import (
    creation_destination,
    may_create_somewhere,
    namespaces_for,
    usable_contract,
)
from catalog.changes import ContractWithdrawn, NameTaken, propose_creation
from catalog.forms.instance_form import blank_text, from_text
from catalog.forms.spec_diff import explicit_values
from catalog.models import DeletedInstance, FormDraft, Instance
from catalog.views.form_page import (
    FormPage,
    FormTarget,
    add_problems,
    new_submission,
    not_allowed,
    page_from_post,
    parse_submission,
    refusal_problem,
    submitted_change,
)
from catalog.views.form_responses import preview_response, render_form
from catalog.views.kept_input import keeps_input
from catalog.views.shared import (
    CONTRACT_UNUSABLE,
    find_contract,
    is_submission,
    refusal_page,
    signed_in_user,
)
from contracts.models import Contract
from contracts.problems import Problem
from portal.accounts.models import User
from portal.home.typed import typed_text

SUBMITTED_BEFORE = (
    "This form was submitted already, and its instance was deleted since. Submit again to create another one."
)
_WITHDRAWN = "No new instances can be created. Existing instances remain and can still be edited."


@require_http_methods(["GET", "HEAD", "POST"])
@keeps_input
def create(request: HttpRequest, name: str) -> HttpResponse:
    contract = find_contract(request, name)
    user = signed_in_user(request)
    decision, usable = may_create_somewhere(user, contract), usable_contract(contract)
    if not decision or usable is None:
        if request.method == "POST":
            target = FormTarget(user, contract, usable) if usable is not None else None
            text = page_from_post(request, target).form.text if target else typed_text(request)
            FormDraft.save_text(user, contract, None, text)
        title, reason, status = "You cannot create this", decision.reason, 403
        if decision:
            title, reason, status = "This contract cannot be used right now", CONTRACT_UNUSABLE, 409
        draft = FormDraft.find(user, contract, None)
        return refusal_page(request, contract, title, reason, status=status, draft=draft)
    assert usable is not None
    target = FormTarget(user, contract, usable)
    if request.method == "POST":
        submitting = is_submission(request)
        page = page_from_post(request, target, submitting=submitting)
        FormDraft.save_text(user, contract, None, page.form.text)
        return submit(request, page) if submitting else render_form(request, page)
    if contract.withdrawn:
        title = f"“{contract.title}” was withdrawn"
        return refusal_page(request, contract, title, _WITHDRAWN, status=409)
    return render_form(request, new_page(request, target))


def new_page(request: HttpRequest, target: FormTarget) -> FormPage:
    """A blank form, the saved draft, or a copy of another instance (``?from=7``)."""
    user, contract, usable = target.user, target.contract, target.usable
    draft = FormDraft.find(user, contract, None)
    source = copy_source(request, user, contract)
    own = [namespace.name for namespace in namespaces_for(user, contract)]
    if source is not None:
        namespace = source.namespace if source.namespace in own else ""
        spec = explicit_values(usable.schema, source.spec, None)
        text = blank_text(usable, namespace=namespace, spec=spec)
    elif draft is not None:
        text = draft.text
    else:
        text = blank_text(usable, namespace=own[0] if len(own) == 1 else "")
    form = from_text(usable, text, lenient=True)
    page = FormPage(target, form, "form" if form.readable else "yaml", submission=new_submission())
    page.resumed_draft = draft if source is None else None
    if page.resumed_draft is not None and page.form.namespace:
        add_problems(page.form, not_allowed(target, page.form))
    page.copied = source
    return page


def copy_source(request: HttpRequest, user: User, contract: Contract) -> Instance | DeletedInstance | None:
    key = request.GET.get("from", "")
    if not key.isdecimal() or len(key) > 18:
        return None
    existing = Instance.objects.visible_to(user).filter(pk=int(key), contract=contract).first()
    return existing or DeletedInstance.objects.visible_to(user).filter(pk=int(key), contract=contract).first()


def submit(request: HttpRequest, page: FormPage) -> HttpResponse:
    """Create the change and the instance's row in one transaction, then open the instance's page."""
    user, contract = page.target.user, page.target.contract
    if before := submitted_change(page):
        if before.instance is not None:
            return redirect(before.instance)
        page.submission = new_submission()
        add_problems(page.form, [Problem("submitted-before", SUBMITTED_BEFORE, "contract")])
        return render_form(request, page, status=409)
    if not page.form.ok:
        return render_form(request, page, status=422)
    try:
        change = propose_creation(
            contract=contract,
            destination=creation_destination(),
            manifest=page.form.manifest,
            by=user,
            submission=parse_submission(page.submission),
        )
    except NameTaken as error:
        add_problems(page.form, [Problem("name-taken", str(error), "metadata.name")])
        return render_form(request, page, status=422)
    except ContractWithdrawn as error:
        message = f"{error} Your draft is saved."
        add_problems(page.form, [Problem("contract-withdrawn", message, "contract")])
        return render_form(request, page, status=409)
    except PermissionDenied as error:  # a role or the namespace's owner changed since the form was validated
        add_problems(page.form, [refusal_problem(page.form, str(error))])
        return render_form(request, page, status=422)
    FormDraft.discard(user, contract, None)
    assert change.instance is not None
    return redirect(change.instance)


@require_POST
@login_required
def preview_creation(request: HttpRequest, name: str) -> HttpResponse:
    """Validate the draft while a user types."""
    contract = find_contract(request, name)
    usable = usable_contract(contract)
    user = signed_in_user(request)
    if usable is None or not may_create_somewhere(user, contract):
        return HttpResponse(status=409)
    page = page_from_post(request, FormTarget(user, contract, usable))
    FormDraft.save_text(user, contract, None, page.form.text, parse_submission(page.submission))
    return preview_response(request, page)


@require_POST
@login_required
def lint_creation(request: HttpRequest, name: str) -> JsonResponse:
    """The problems of a YAML text, for the editor."""
    contract = find_contract(request, name)
    usable = usable_contract(contract)
    if usable is None or not may_create_somewhere(signed_in_user(request), contract):
        return JsonResponse({"problems": []})
    form = from_text(usable, request.POST.get("text", ""))
    return JsonResponse({"problems": [problem.as_dict() for problem in form.problems]})


@require_POST
@login_required
def discard(request: HttpRequest, name: str) -> HttpResponseRedirect:
    contract = find_contract(request, name)
    FormDraft.discard(signed_in_user(request), contract, None)
    messages.info(request, "Draft discarded.")
    return HttpResponseRedirect(reverse("catalog:create", args=[contract.name]))
