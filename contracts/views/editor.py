"""Writing contracts: the editor, its drafts, and the check that runs while the author types.

Every check saves the draft: a closed window, a lost connection or a refused publication loses nothing.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from contracts.contract_templates import samples, template_text
from contracts.models import Contract, Draft, Revision
from contracts.problems import errors
from contracts.publishing import review_publication
from contracts.views.access import (
    author_required,
    current_user,
    draft_is_gone,
    own_draft,
    own_drafts,
    visible_contract,
)
from contracts.views.previews import form_preview, graph_preview
from contracts.views.testing import test_results
from portal.accounts.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@author_required
def new_contract(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return save_and_redirect(request, Draft(author=current_user(request)))
    text = template_text(request.GET.get("from", ""))
    return editor(request, Draft(author=current_user(request), text=text))


@require_http_methods(["GET", "HEAD", "POST"])
@author_required
def edit_contract(request: HttpRequest, name: str) -> HttpResponse:
    """Continue the user's draft of the contract, or start one from the latest revision."""
    contract = visible_contract(request, name)
    draft = Draft.objects.filter(author=current_user(request), contract=contract).first()
    if request.method == "POST":
        return save_and_redirect(request, draft or Draft(author=current_user(request), contract=contract))
    if draft is not None:
        return redirect(draft)
    text = contract.revision.text if contract.revision else ""
    return editor(request, Draft(author=current_user(request), contract=contract, text=text))


@require_http_methods(["GET", "HEAD", "POST"])
@author_required
def draft_editor(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return editor(request, own_draft(request, pk))
    draft = own_drafts(request).filter(pk=pk).first() or posted_draft(request)
    if draft is None:
        messages.warning(
            request, "This draft was published or deleted. Your text was saved as a separate draft."
        )
        draft = Draft(author=current_user(request), contract=posted_contract(request))
    return save_and_redirect(request, draft)


@require_POST
@author_required
def delete_draft(request: HttpRequest, pk: int) -> HttpResponse:
    draft = own_drafts(request).filter(pk=pk).first()
    if draft is None:
        return draft_is_gone(request)
    contract = draft.contract
    draft.delete()
    messages.success(request, "Draft deleted.")
    return redirect(contract or "contracts:list")


@require_http_methods(["GET", "HEAD", "POST"])
@author_required
def import_contract(request: HttpRequest) -> HttpResponse:
    """A file or a pasted text becomes a draft, whatever it contains."""
    if request.method != "POST":
        return render(request, "contracts/import.html")
    text, problem = pasted_or_uploaded(request)
    if problem:
        return render(request, "contracts/import.html", {"problem": problem, "text": text}, status=422)
    return redirect(Draft.objects.create(author=current_user(request), text=text))


def pasted_or_uploaded(request: HttpRequest) -> tuple[str, str]:
    """The text, and an error message, which is empty when it can be used."""
    text = with_newlines(request.POST.get("text", ""))
    file = request.FILES.get("file")
    if file is None:
        return text, "" if text.strip() else "Choose a file, or paste a contract."
    try:
        return file.read().decode("utf-8-sig").replace("\r\n", "\n").replace("\x00", ""), ""
    except UnicodeDecodeError:
        return text, f"{file.name} is not UTF-8 text. Save it as UTF-8 and choose it again."


@require_POST
@author_required
def check(request: HttpRequest) -> HttpResponse:
    """The problems of a text: JSON for the editor's markers, or the panels beside it."""
    text = with_newlines(request.POST.get("text", ""))
    if "application/json" in request.headers.get("Accept", ""):
        review = review_publication(text, by=current_user(request))
        problems = [problem.as_dict() for problem in review.problems]
        return JsonResponse({"problems": problems, "reach": review.reach()})
    draft = save_posted_draft(request, text) if request.POST.get("save") else None
    answer = render(
        request,
        "contracts/_check.html",
        {**check_context(text, current_user(request)), "draft": draft, "answer": True},
    )
    if draft is not None and draft.pk:
        answer["HX-Replace-Url"] = draft.get_absolute_url()
    return answer


def save_posted_draft(request: HttpRequest, text: str) -> Draft:
    """Save the editor's text in the draft that the page names, or in a new one.

    A check that arrives after its text was published saves nothing, because that draft would be obsolete.
    """
    new = Draft(author=current_user(request), contract=posted_contract(request))
    draft = posted_draft(request) or new
    if draft.pk is None and Revision.objects.filter(author=draft.author, text=text).exists():
        return draft
    return draft.save_text(text, seen=request.POST.get("seen", ""))


def posted_contract(request: HttpRequest) -> Contract | None:
    """The contract that the text in the editor is about; None for a new one."""
    visible = Contract.objects.visible_to(request.user)
    return visible.filter(name=request.POST.get("contract", "")).first()


def posted_draft(request: HttpRequest) -> Draft | None:
    """The draft that a check has created since the page was opened; the form still has the old URL."""
    number = request.POST.get("draft", "")
    if not number.isdecimal():
        return None
    return Draft.objects.filter(pk=int(number), author=current_user(request)).first()


def save_and_redirect(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Save the posted text and redirect to the editor, or to the publish page when that was requested."""
    draft = posted_draft(request) or draft
    saved_draft = draft.save_text(
        with_newlines(request.POST.get("text", "")), seen=request.POST.get("seen", "")
    )
    if draft.pk and saved_draft.pk != draft.pk:
        messages.warning(
            request, "This draft was changed in another window. Your text was saved as a separate draft."
        )
    if request.POST.get("then") == "publish":
        return redirect("contracts:publication", saved_draft.pk)
    return redirect(saved_draft)


def editor(request: HttpRequest, draft: Draft) -> HttpResponse:
    here = draft.get_absolute_url() if draft.pk else request.path
    context = {
        "draft": draft,
        # The author may have lost the right to see it since.
        "contract": Contract.objects.visible_to(request.user).filter(pk=draft.contract_id or 0).first(),
        "save_url": here,
        "samples": samples() if draft.contract is None and draft.pk is None else {},
        "others": other_drafts(draft),
        "check_url": reverse("contracts:check"),
        **check_context(draft.text, current_user(request)),
    }
    return render(request, "contracts/editor.html", context)


def other_drafts(draft: Draft) -> list[Draft]:
    """Other drafts of the same contract by the same user, as two windows may create."""
    if draft.contract is None or draft.pk is None:
        return []
    return list(Draft.objects.filter(author=draft.author, contract=draft.contract).exclude(pk=draft.pk)[:5])


def check_context(text: str, by: User) -> dict[str, Any]:
    """The panels beside the editor, with the problems that publishing would report."""
    review = review_publication(text, by=by)
    compilation, found = review.compilation, errors(review.problems)
    return {
        "problems": review.problems,
        "error_count": len(found),
        "warning_count": len(review.problems) - len(found),
        "reach": compilation.reach.entries,
        "form": form_preview(compilation),
        "graph": graph_preview(compilation),
        "tests": test_results(compilation),
    }


def with_newlines(text: str) -> str:
    """Browsers post line ends as CRLF; save the text as it was typed."""
    return text.replace("\r\n", "\n")
