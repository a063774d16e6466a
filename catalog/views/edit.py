"""Editing an instance: the same form with its explicit values; only what differs becomes a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from catalog.availability import usable_contract
from catalog.changes import AlreadyDeleting, propose_update
from catalog.forms.instance_form import from_text, list_keys, refusal_problems
from catalog.forms.spec_diff import field_changes, merge_three_way
from catalog.forms.yaml_text import identical, merge, to_yaml
from catalog.models import Change, DeletedInstance, FormDraft, Instance
from catalog.touched import read_touched, reapply
from catalog.views.edit_base import base_manifest, explicit_manifest, posted_manifest
from catalog.views.edit_news import EditNews, find_news
from catalog.views.form_page import (
    FormPage,
    FormTarget,
    add_problems,
    new_submission,
    page_from_post,
    parse_submission,
    pressed_button,
    submitted_change,
)
from catalog.views.form_responses import preview_response, render_form
from catalog.views.kept_input import keeps_input
from catalog.views.shared import (
    CONTRACT_UNUSABLE,
    RefusalOptions,
    find_instance,
    is_submission,
    refusal_page,
    signed_in_user,
)
from contracts.models import Contract
from contracts.problems import Problem
from portal.accounts.permission import can
from portal.home.typed import typed_text

DELETED = "Your draft is kept, but it cannot be submitted any more. Copy what you need."
LOST = (
    "The instance belongs to another team now, or you left its team. Your draft is kept, but it cannot be "
    "submitted. Copy what you need, or ask the team that owns the namespace."
)


@require_http_methods(["GET", "HEAD", "POST"])
@keeps_input
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    if (kept := kept_draft(request, pk)) is not None:
        return refuse_hidden(request, kept)
    if (deleted := deleted_instance(request, pk)) is not None:
        return refuse_deleted(request, deleted)
    instance = find_instance(request, pk)
    usable, user = usable_contract(instance.contract), signed_in_user(request)
    refusal = refuse_edit(request, instance)
    if refusal is not None:
        return refusal
    if usable is None:
        keep_typed(request, instance.contract, instance)
        title = "This contract cannot be used right now"
        draft = FormDraft.find(user, instance.contract, instance)
        return refusal_page(request, instance.contract, title, CONTRACT_UNUSABLE, status=409, draft=draft)
    if request.method == "POST":
        before = base_manifest(request, instance, usable)
        target = FormTarget(user, instance.contract, usable, instance, before)
        submitting = is_submission(request)
        page = page_from_post(request, target, submitting=submitting)
        FormDraft.save_edit(user, instance, page.form.text, before)
        if submitting:
            return submit(request, page, instance)
        if pressed_button(request) == "_merge":
            merge_conflicting_changes(page, instance)
        return render_edit(request, page)
    before = explicit_manifest(instance, usable)
    target = FormTarget(user, instance.contract, usable, instance, before)
    return render_edit(request, opened_page(target, instance))


def refuse_hidden(request: HttpRequest, draft: FormDraft) -> HttpResponse:
    """The instance was deleted, or the user may not see it any more."""
    instance = Instance.objects.filter(pk=draft.instance_id or 0).first()
    keep_typed(request, draft.contract, instance, draft)
    title, text, status = "You cannot edit this any more", LOST, 403
    # Of what happened to an instance after it was given away, only its new team may know.
    deleted = DeletedInstance.objects.visible_to(request.user).filter(pk=draft.instance_id or 0).exists()
    if deleted:
        title, text, status = "It was deleted", DELETED, 409
    options = RefusalOptions(status=status, draft=draft, reusable=deleted)
    return refusal_page(request, draft.contract, title, text, **options)


def keep_typed(
    request: HttpRequest, contract: Contract, instance: Instance | None, draft: FormDraft | None = None
) -> None:
    """Save what was posted into the draft, although it cannot be submitted."""
    if request.method != "POST":
        return
    user, usable = signed_in_user(request), usable_contract(contract)
    if usable is None:
        text = typed_text(request)
    else:
        before = base_manifest(request, instance, usable) if instance else None
        text = page_from_post(request, FormTarget(user, contract, usable, instance, before)).form.text
    if draft is not None:
        draft.text, draft.updated_at = text, timezone.now()
        draft.save()
    else:
        FormDraft.save_text(user, contract, instance, text)


def render_edit(request: HttpRequest, page: FormPage, *, status: int = 200) -> HttpResponse:
    """The form again, with what happened to the instance since it was opened."""
    assert page.target.instance is not None
    page.news = find_news(page.target.user, page.target.instance.pk, page.target.before or {})
    return render_form(request, page, status=status)


def kept_draft(request: HttpRequest, pk: int) -> FormDraft | None:
    """The user's draft of an instance that they may not see any more: the text is theirs and is kept."""
    drafts = FormDraft.objects.filter(author=signed_in_user(request), instance_id=pk)
    draft = drafts.select_related("contract").first()
    if draft is None or Instance.objects.visible_to(request.user).filter(pk=pk).exists():
        return None
    return draft


def refuse_edit(request: HttpRequest, instance: Instance) -> HttpResponse | None:
    """The page that explains why this instance cannot be edited; None when it can."""
    decision = can(signed_in_user(request), "edit", instance)
    if decision and not instance.is_deleting:
        return None
    keep_typed(request, instance.contract, instance)
    draft = FormDraft.find(signed_in_user(request), instance.contract, instance)
    if not decision:
        title = f"You cannot edit {instance.name}"
        return refusal_page(request, instance.contract, title, decision.reason, status=403, draft=draft)
    text, title = "It is being deleted and cannot be changed any more.", f"{instance.name} cannot be edited"
    return refusal_page(request, instance.contract, title, text, status=409, draft=draft, reusable=True)


def deleted_instance(request: HttpRequest, pk: int) -> DeletedInstance | None:
    deleted = DeletedInstance.objects.visible_to(request.user).select_related("contract", "contract__owner")
    return deleted.filter(pk=pk).first()


def refuse_deleted(request: HttpRequest, deleted: DeletedInstance) -> HttpResponse:
    """An edit of a deleted instance without a draft: its page, or a draft of what was posted."""
    if request.method != "POST":
        return redirect(deleted)
    draft = FormDraft(author=signed_in_user(request), contract=deleted.contract, instance_id=deleted.pk)
    return refuse_hidden(request, draft)


def opened_page(target: FormTarget, instance: Instance) -> FormPage:
    """The saved draft, else the refused change with its problems, else the current values."""
    draft = FormDraft.find(target.user, target.contract, instance)
    refused = instance.changes.newest_refused()
    refusals = refusal_problems(target.usable.schema, refused.causes) if refused else []
    if draft:
        target = replace(target, before=draft.before or target.before)
        text = draft.text
    else:
        text = to_yaml(refused_manifest(refused, target.before or {}) if refused else target.before)
    form = from_text(target.usable, text, before=target.before, more=refusals)
    page = FormPage(
        target,
        form,
        submission=new_submission(),
        mode="form" if form.readable else "yaml",
        base="" if draft else str(instance.generation),
        pane="changes",
        resumed_draft=draft,
    )
    if draft and form.readable:  # what others changed since must not be changed back by the draft
        merge_conflicting_changes(page, instance)
    return page


def refused_manifest(refused: Change, now: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was refused, with the current values of the fields that it did not touch."""
    if refused.touched:
        return reapply(now, read_touched(refused.touched))
    return refused.manifest or now


def submit(request: HttpRequest, page: FormPage, instance: Instance) -> HttpResponse:
    user, contract = page.target.user, page.target.contract
    if submitted_change(page):
        return redirect(instance)
    if page.base != str(instance.generation) and merge_conflicting_changes(page, instance):
        return render_edit(request, page, status=409)
    if not page.form.ok:
        return render_edit(request, page, status=422)
    if identical(page.form.manifest, page.target.before):
        FormDraft.discard(user, contract, instance)
        messages.info(request, "No changes to save.")
        return redirect(instance)
    try:
        propose_update(
            instance=instance,
            manifest=page.form.manifest,
            by=user,
            base=page.edit_base,
            submission=parse_submission(page.submission),
        )
    except PermissionDenied as error:  # a role or the namespace's owner changed since the form was validated
        draft, title = FormDraft.find(user, contract, instance), f"You cannot edit {instance.name}"
        return refusal_page(request, contract, title, str(error), status=403, draft=draft)
    except AlreadyDeleting as error:
        add_problems(page.form, [Problem("deleting", str(error), "instance")])
        return render_edit(request, page, status=409)
    FormDraft.discard(user, contract, instance)
    return redirect(instance)


def merge_conflicting_changes(page: FormPage, instance: Instance) -> bool:
    """If the instance was changed since the edit began, reapply this user's changes and list the others.

    Text with a syntax error has no values yet: it stays as it is, with its base.
    """
    target = page.target
    if not page.form.readable:
        return False
    now = explicit_manifest(instance, target.usable)
    before = target.before or {}
    others = list(field_changes(before.get("spec") or {}, now.get("spec") or {}))
    page.base = str(instance.generation)
    if not others:
        return False
    own = {change.path for change in page.changes}
    page.conflicting_changes = [(change, change.path in own) for change in others]
    merged = merge_three_way(before.get("spec") or {}, page.form.spec, now.get("spec") or {})
    manifest = page.form.manifest
    text = merge(page.form.text, manifest, {**manifest, "spec": merged}, list_keys(target.usable))
    page.form = from_text(target.usable, text, before=now)
    page.target = replace(target, before=now)
    return True


@require_POST
@login_required
def news(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened to the instance since the form was opened (``_before``)."""
    user = signed_in_user(request)
    found = find_news(user, pk, posted_manifest(request) or {})
    if found is None and not Instance.objects.visible_to(user).filter(pk=pk).exists():
        if not FormDraft.objects.filter(author=user, instance_id=pk).exists():
            raise Http404
        found = EditNews("lost")
    return render(request, "catalog/_edit_news.html", {"news": found})


@require_POST
@login_required
def preview_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Validate the draft while a user types."""
    if deleted_instance(request, pk) is not None:
        return HttpResponse(status=204)  # the form says so already
    instance = find_instance(request, pk)
    usable = usable_contract(instance.contract)
    user = signed_in_user(request)
    if usable is None or not can(user, "edit", instance):
        return HttpResponse(status=409)
    before = base_manifest(request, instance, usable)
    page = page_from_post(request, FormTarget(user, instance.contract, usable, instance, before))
    submission = parse_submission(page.submission)
    FormDraft.save_edit(user, instance, page.form.text, before, submission)
    return preview_response(request, page)


@require_POST
@login_required
def lint_edit(request: HttpRequest, pk: int) -> JsonResponse:
    """The problems of a YAML text, for the editor."""
    instance = find_instance(request, pk)
    usable = usable_contract(instance.contract)
    if usable is None:
        return JsonResponse({"problems": []})
    before = explicit_manifest(instance, usable)
    form = from_text(usable, request.POST.get("text", ""), before=before)
    return JsonResponse({"problems": [problem.as_dict() for problem in form.problems]})


@require_POST
@login_required
def discard_edit(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    if (kept := kept_draft(request, pk)) is not None:
        kept.delete()
        messages.info(request, "Draft discarded.")
        return HttpResponseRedirect(reverse("home:home"))
    instance = find_instance(request, pk)
    FormDraft.discard(signed_in_user(request), instance.contract, instance)
    messages.info(request, "Draft discarded.")
    return HttpResponseRedirect(reverse("catalog:edit", args=[instance.pk]))
