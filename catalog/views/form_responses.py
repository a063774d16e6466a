"""The form page and its answers to typing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog.views.form_page import Page, pressed_button


def form_page(request: HttpRequest, page: Page, *, status: int = 200) -> HttpResponse:
    page.look_ahead()
    if status != 200:
        page.told = True
    if page.told:
        page.point_out()
    return render(request, "catalog/form.html", context_of(request, page), status=status)


def preview_answer(request: HttpRequest, page: Page) -> HttpResponse:
    """Same inputs as the browser has: only messages and preview. Else the whole form, morphed in place."""
    page.look_ahead()
    same = request.POST.get("_shape") == page.shape and pressed_button(request) != "_op"
    template = "catalog/_typed.html" if same else "catalog/_reshaped.html"
    answer = render(request, template, context_of(request, page))
    if not same:
        answer["HX-Retarget"] = "#instance-form"
        answer["HX-Reswap"] = "morph:outerHTML"
    return answer


def context_of(request: HttpRequest, page: Page) -> dict[str, Any]:
    name = page.contract.name
    if page.instance is not None:
        here = reverse("catalog:edit", args=[page.instance.pk])
        there = reverse("catalog:edit-preview", args=[page.instance.pk])
        lint = reverse("catalog:edit-lint", args=[page.instance.pk])
    else:
        here = reverse("catalog:create", args=[name])
        there = reverse("catalog:create-preview", args=[name])
        lint = reverse("catalog:create-lint", args=[name])
    return {
        "draft": page,
        "form": page.form,
        "contract": page.contract,
        "instance": page.instance,
        "here": here,
        "preview_url": there,
        "lint_url": lint,
    }
