"""Writing contracts: the editor, its drafts, and the check that answers while somebody types.

A draft is saved with every check: a closed window, a lost connection or a refused publication loses nothing.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from contracts.contract_templates import samples, starter
from contracts.models import Contract, Draft, Revision
from contracts.problems import errors
from contracts.publishing import judge
from contracts.views.access import authors_only, own_draft, person, visible_contract
from contracts.views.previews import form_preview, graph_preview
from contracts.views.testing import test_results
from portal.accounts.models import User

LARGEST_UPLOAD = 8 * 1024 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
@authors_only
def new_contract(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return saved(request, Draft(author=person(request)))
    text = starter(request.GET.get("from", ""))
    return editor(request, Draft(author=person(request), text=text))


@require_http_methods(["GET", "HEAD", "POST"])
@authors_only
def edit_contract(request: HttpRequest, name: str) -> HttpResponse:
    """Continue this person's draft of the contract, or begin one from the newest revision."""
    contract = visible_contract(request, name)
    draft = Draft.objects.filter(author=person(request), contract=contract).first()
    if request.method == "POST":
        return saved(request, draft or Draft(author=person(request), contract=contract))
    if draft is not None:
        return redirect(draft)
    text = contract.revision.text if contract.revision else ""
    return editor(request, Draft(author=person(request), contract=contract, text=text))


@require_http_methods(["GET", "HEAD", "POST"])
@authors_only
def draft_editor(request: HttpRequest, pk: int) -> HttpResponse:
    draft = own_draft(request, pk)
    return saved(request, draft) if request.method == "POST" else editor(request, draft)


@require_POST
@authors_only
def delete_draft(request: HttpRequest, pk: int) -> HttpResponse:
    draft = own_draft(request, pk)
    contract = draft.contract
    draft.delete()
    messages.success(request, "The draft is deleted.")
    return redirect(contract or "contracts:list")


@require_http_methods(["GET", "HEAD", "POST"])
@authors_only
def import_contract(request: HttpRequest) -> HttpResponse:
    """A file or a pasted text becomes a draft, whatever is in it."""
    if request.method != "POST":
        return render(request, "contracts/import.html")
    text, problem = pasted_or_uploaded(request)
    if problem:
        return render(request, "contracts/import.html", {"problem": problem, "text": text}, status=422)
    return redirect(Draft.objects.create(author=person(request), text=text))


def pasted_or_uploaded(request: HttpRequest) -> tuple[str, str]:
    """The text, and what is wrong with how it came."""
    text = with_newlines(request.POST.get("text", ""))
    file = request.FILES.get("file")
    if file is None:
        return text, "" if text.strip() else "Choose a file, or paste the text of a contract."
    if file.size and file.size > LARGEST_UPLOAD:
        return (
            text,
            f"{file.name} has {file.size / 1e6:.1f} MB; at most {LARGEST_UPLOAD // 2**20} MiB can be kept.",
        )
    try:
        return file.read().decode("utf-8-sig").replace("\r\n", "\n").replace("\x00", ""), ""
    except UnicodeDecodeError:
        return text, f"{file.name} is not a text in UTF-8. Save it as UTF-8 and choose it again."


@require_POST
@authors_only
def check(request: HttpRequest) -> HttpResponse:
    """What is wrong with a text: JSON for the editor's marks, or the panels beside it, saving the draft."""
    text = with_newlines(request.POST.get("text", ""))
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(
            {"problems": [problem.as_dict() for problem in judge(text, by=person(request)).problems]}
        )
    draft = kept(request, text) if request.POST.get("save") else None
    answer = render(
        request, "contracts/_check.html", {**judged(text, person(request)), "draft": draft, "answer": True}
    )
    if draft is not None and draft.pk:
        answer["HX-Replace-Url"] = draft.get_absolute_url()
    return answer


def kept(request: HttpRequest, text: str) -> Draft:
    """Save what the editor holds, in the draft that the page names, or in a new one.

    A check that arrives after its text was published saves nothing: there would be a draft of what is done.
    """
    contract = Contract.objects.filter(name=request.POST.get("contract", "")).first()
    draft = posted_draft(request) or Draft(author=person(request), contract=contract)
    if draft.pk is None and Revision.objects.filter(author=draft.author, text=text).exists():
        return draft
    return draft.keep(text, seen=request.POST.get("seen", ""))


def posted_draft(request: HttpRequest) -> Draft | None:
    """The draft that a check has made since the page was opened; its form still has the older address."""
    number = request.POST.get("draft", "")
    if not number.isdecimal():
        return None
    return Draft.objects.filter(pk=int(number), author=person(request)).first()


def saved(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Save the posted text and go on to the editor, or to publishing when that was pressed."""
    draft = posted_draft(request) or draft
    kept_draft = draft.keep(with_newlines(request.POST.get("text", "")), seen=request.POST.get("seen", ""))
    if draft.pk and kept_draft.pk != draft.pk:
        messages.warning(
            request, "Another window changed this draft. Your text is kept as a draft of its own."
        )
    if request.POST.get("then") == "publish":
        return redirect("contracts:publication", kept_draft.pk)
    return redirect(kept_draft)


def editor(request: HttpRequest, draft: Draft) -> HttpResponse:
    here = draft.get_absolute_url() if draft.pk else request.path
    context = {
        "draft": draft,
        "contract": draft.contract,
        "save_url": here,
        "samples": samples() if draft.contract is None and draft.pk is None else {},
        "others": others(draft),
        "check_url": reverse("contracts:check"),
        **judged(draft.text, person(request)),
    }
    return render(request, "contracts/editor.html", context)


def others(draft: Draft) -> list[Draft]:
    """Further drafts of the same contract by the same person, as two windows may make."""
    if draft.contract is None or draft.pk is None:
        return []
    return list(Draft.objects.filter(author=draft.author, contract=draft.contract).exclude(pk=draft.pk)[:5])


def judged(text: str, by: User) -> dict[str, Any]:
    """What is known of a text, also whether it could be published: the answer that publishing would give."""
    judgement = judge(text, by=by)
    compilation, wrong = judgement.compilation, errors(judgement.problems)
    return {
        "problems": judgement.problems,
        "error_count": len(wrong),
        "warning_count": len(judgement.problems) - len(wrong),
        "form": form_preview(compilation),
        "graph": graph_preview(compilation),
        "tests": test_results(compilation),
    }


def with_newlines(text: str) -> str:
    """Browsers post line ends as CRLF; the text is kept as it was typed."""
    return text.replace("\r\n", "\n")
