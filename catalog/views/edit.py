"""Changing an instance: the same form, filled with what was asked for; only what differs is a change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.availability import may_create_somewhere, usable_contract
from catalog.changes import AlreadyDeleting, propose_update
from catalog.forms.instance_form import UsableContract, from_text, refusal_problems
from catalog.forms.spec_diff import asked_for, differences, rebased
from catalog.forms.yaml_text import to_yaml
from catalog.models import Change, FormDraft, Instance
from catalog.views.create import _BROKEN, find_contract, refusal, signed_in, wants_to_send
from catalog.views.form_page import Page, add_problems, new_submission, posted_page, submission_of
from catalog.views.form_responses import form_page, preview_answer
from contracts.problems import Problem
from portal.accounts.permission import can


def find_instance(request: HttpRequest, pk: int) -> Instance:
    visible = Instance.objects.visible_to(request.user)
    related = visible.select_related(
        "contract", "contract__owner", "contract__revision", "team", "destination"
    )
    return get_object_or_404(related, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    instance = find_instance(request, pk)
    usable = usable_contract(instance.contract)
    stopped = stop(request, instance, usable)
    if stopped is not None or usable is None:
        return stopped or HttpResponse(status=409)
    user = signed_in(request)
    if request.method == "POST":
        base = base_of(request, instance, usable)
        sending = wants_to_send(request)
        page = posted_page(
            request, user, instance.contract, usable, instance=instance, before=base, sending=sending
        )
        FormDraft.keep(user, instance.contract, instance, page.form.text)
        return submit(request, page) if sending else form_page(request, page)
    before = meant_manifest(instance, usable)
    draft = FormDraft.of(user, instance.contract, instance)
    refused = instance.changes.newest_refused()
    found = refusal_problems(usable.schema, refused.causes) if refused else []
    text = draft.text if draft else to_yaml(refused.manifest if refused and refused.manifest else before)
    form = from_text(usable, text, before=before, more=found)
    page = Page(user, instance.contract, usable, form, instance, before)
    page.submission, page.base, page.pane = new_submission(), str(instance.generation), "changes"
    page.continued = draft
    return form_page(request, page)


def stop(request: HttpRequest, instance: Instance, usable: UsableContract | None) -> HttpResponse | None:
    """Why this instance cannot be edited, as a page; None when it can."""
    decision = can(signed_in(request), "edit", instance)
    if not decision:
        return refusal(
            request, instance.contract, f"You cannot edit {instance.name}", decision.reason, status=403
        )
    if instance.is_deleting:
        text = "It is being deleted and cannot be changed any more."
        return refusal(request, instance.contract, f"{instance.name} cannot be edited", text, status=409)
    if usable is None:
        return refusal(
            request, instance.contract, "This contract cannot be used right now", _BROKEN, status=409
        )
    return None


def meant_manifest(instance: Instance, usable: UsableContract) -> dict[str, Any]:
    """The instance without the defaults that the API server filled in; a pending change counts as its
    values.
    """
    pending = instance.changes.pending().first()
    if pending is not None and pending.manifest:
        return dict(pending.manifest)
    newest = instance.changes.filter(state="delivered").exclude(manifest={}).first()
    asked = newest.manifest.get("spec") if newest else None
    return {**instance.manifest, "spec": asked_for(usable.schema, instance.spec, asked)}


def base_of(request: HttpRequest, instance: Instance, usable: UsableContract) -> Mapping[str, Any]:
    """The manifest that the edit began with: today's, or, when it has moved on, the one that the form
    carries.
    """
    if request.POST.get("_base") != str(instance.generation):
        try:
            carried = json.loads(request.POST.get("_before", ""))
        except ValueError:
            carried = None
        if isinstance(carried, dict):
            return carried
    return meant_manifest(instance, usable)


def submit(request: HttpRequest, page: Page) -> HttpResponse:
    instance = page.instance
    assert instance is not None
    before = Change.objects.filter(submission=submission_of(page.submission), author=page.user).first()
    if before is not None:
        return redirect(instance)
    if page.base != str(instance.generation) and conflict(page, instance):
        return form_page(request, page, status=409)
    if not page.form.ok:
        return form_page(request, page, status=422)
    if page.form.manifest == page.before:
        FormDraft.discard(page.user, page.contract, instance)
        messages.info(request, "Nothing was different, so nothing was changed.")
        return redirect(instance)
    try:
        propose_update(
            instance=instance,
            manifest=page.form.manifest,
            by=page.user,
            base_resource_version=instance.resource_version,
            submission=submission_of(page.submission),
        )
    except AlreadyDeleting as leaving:
        add_problems(page.form, [Problem("deleting", str(leaving), "instance")])
        return form_page(request, page, status=409)
    FormDraft.discard(page.user, page.contract, instance)
    return redirect(instance)


def conflict(page: Page, instance: Instance) -> bool:
    """Somebody else changed it meanwhile: show what, and put this person's changes on top of theirs."""
    now = meant_manifest(instance, page.usable)
    before = page.before or {}
    theirs = list(differences(before.get("spec") or {}, now.get("spec") or {}))
    page.base = str(instance.generation)
    if not theirs:
        return False
    mine = {one.path for one in page.changes}
    page.theirs = [(one, one.path in mine) for one in theirs]
    merged = rebased(before.get("spec") or {}, page.form.spec, now.get("spec") or {})
    text = to_yaml({**page.form.manifest, "spec": merged})
    page.form = from_text(page.usable, text, before=now)
    page.before = now
    return True


@require_POST
@login_required
def preview_edit(request: HttpRequest, pk: int) -> HttpResponse:
    instance = find_instance(request, pk)
    usable = usable_contract(instance.contract)
    user = signed_in(request)
    if usable is None or not can(user, "edit", instance):
        return HttpResponse(status=409)
    base = base_of(request, instance, usable)
    page = posted_page(request, user, instance.contract, usable, instance=instance, before=base)
    FormDraft.keep(user, instance.contract, instance, page.form.text, submission_of(page.submission))
    return preview_answer(request, page)


@require_POST
@login_required
def lint_edit(request: HttpRequest, pk: int) -> JsonResponse:
    """What is wrong with a YAML text, for the editor."""
    instance = find_instance(request, pk)
    usable = usable_contract(instance.contract)
    if usable is None:
        return JsonResponse({"problems": []})
    form = from_text(usable, request.POST.get("text", ""), before=meant_manifest(instance, usable))
    return JsonResponse({"problems": [problem.as_dict() for problem in form.problems]})


@require_POST
@login_required
def lint_creation(request: HttpRequest, name: str) -> JsonResponse:
    contract = find_contract(request, name)
    usable = usable_contract(contract)
    if usable is None or not may_create_somewhere(signed_in(request), contract):
        return JsonResponse({"problems": []})
    form = from_text(usable, request.POST.get("text", ""))
    return JsonResponse({"problems": [problem.as_dict() for problem in form.problems]})


@require_POST
@login_required
def discard_edit(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    instance = find_instance(request, pk)
    FormDraft.discard(signed_in(request), instance.contract, instance)
    messages.info(request, "The draft was thrown away.")
    return HttpResponseRedirect(reverse("catalog:edit", args=[instance.pk]))
