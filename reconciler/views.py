"""The few live reads that a person asks for by name. Everything else on a page comes from rows."""

from __future__ import annotations

import asyncio
from typing import Any

import yaml
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from catalog.models import Instance, InstanceResource
from portal.accounts.permission import can
from reconciler.destinations import connect
from reconciler.kube import ApiError, KubeError, NotServed, Unreachable
from reconciler.redact import shown

PATIENCE = 5.0  # seconds that a page waits for a cluster


@require_GET
@login_required
def manifest(request: HttpRequest, pk: int, resource: int) -> HttpResponse:
    """One resource as it stands in the cluster now: a fragment, or the text with ``?format=json|yaml``."""
    instance = get_object_or_404(Instance.objects.visible_to(request.user), pk=pk)
    decision = can(request.user, "view", instance)
    if not decision:
        return answer(request, instance, None, None, decision.reason, 403)
    row = get_object_or_404(InstanceResource, pk=resource, instance=instance)
    try:
        live = asyncio.run(read(row))
    except Unreachable as error:
        return answer(request, instance, row, None, str(error), 503)
    except (KubeError, TimeoutError) as error:
        return answer(request, instance, row, None, display_name(error), 502)
    if live is None:
        return answer(request, instance, row, None, f"{row} is not in the cluster right now.", 404)
    return answer(request, instance, row, shown(live), "", 200)


async def read(row: InstanceResource) -> dict[str, Any] | None:
    async with asyncio.timeout(PATIENCE), connect() as client:
        try:
            kind = await client.kinds.find(row.api_version, row.kind)
        except NotServed:
            return None
        return await client.get(kind, row.namespace, row.name)


def display_name(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "The cluster takes too long to answer. Try again in a moment."
    if isinstance(error, ApiError) and error.code == 403:
        return f"The cluster does not let Slipway read this: {error.message}"
    return str(error)


def answer(
    request: HttpRequest,
    instance: Instance,
    row: InstanceResource | None,
    live: dict[str, Any] | None,
    problem: str,
    status: int,
) -> HttpResponse:
    desired = request.GET.get("format", "")
    text = yaml.safe_dump(live, sort_keys=False, allow_unicode=True) if live else ""
    if desired == "json":
        return JsonResponse({"detail": problem} if problem else live or {}, status=status)
    if desired == "yaml":
        return HttpResponse(text or problem, content_type="text/plain; charset=utf-8", status=status)
    context = {
        "instance": instance,
        "resource": row,
        "text": text,
        "lines": text.splitlines(),
        "problem": problem,
    }
    return render(request, "reconciler/_manifest.html", context, status=status)
