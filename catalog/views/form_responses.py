"""Responses of the form page: the page itself, and updates while a user types."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog.views.form_page import FormPage, pressed_button


def render_form(request: HttpRequest, page: FormPage, *, status: int = 200) -> HttpResponse:
    page.use_yaml_if_long()
    page.render_preview()
    if status != 200:
        page.show_errors = True
    if page.show_errors:
        page.focus_first_error()
    return render(request, "catalog/form.html", form_context(page), status=status)


def preview_response(request: HttpRequest, page: FormPage) -> HttpResponse:
    """Messages and preview while the inputs stay the same; otherwise the complete form, morphed in place."""
    page.use_yaml_if_long()
    page.render_preview()
    same_inputs = request.POST.get("_shape") == page.shape and pressed_button(request) != "_op"
    template = "catalog/_preview_response.html" if same_inputs else "catalog/_form_response.html"
    response = render(request, template, form_context(page))
    if not same_inputs:
        response["HX-Retarget"] = "#instance-form"
        response["HX-Reswap"] = "morph:outerHTML"
    return response


def form_context(page: FormPage) -> dict[str, Any]:
    instance, contract = page.target.instance, page.target.contract
    if instance is not None:
        view, key = "edit", str(instance.pk)
    else:
        view, key = "create", contract.name
    return {
        "draft": page,
        "form": page.form,
        "contract": contract,
        "instance": instance,
        "form_url": reverse(f"catalog:{view}", args=[key]),
        "preview_url": reverse(f"catalog:{view}-preview", args=[key]),
        "lint_url": reverse(f"catalog:{view}-lint", args=[key]),
        "discard_url": reverse(f"catalog:{view}-discard", args=[key]),
    }
