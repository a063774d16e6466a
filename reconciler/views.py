"""Live reads that a user requests. Everything else on a page comes from rows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import yaml
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from catalog.availability import usable_contract
from catalog.models import Instance, InstanceResource
from contracts.grants import granted_keys
from contracts.runtime import withhold
from contracts.runtime.withholding import withheld_nodes, withheld_reason
from portal.accounts.permission import can
from reconciler.destinations import connect
from reconciler.kube import ApiError, KubeError, NotServed, Unreachable
from reconciler.objects.accessors import labels_of
from reconciler.objects.names import INSTANCE_ID, label_value
from reconciler.redact import redact

READ_TIMEOUT = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class LiveManifest:
    """``live``: without secret values. ``problem``: why it is empty."""

    live: dict[str, Any] | None = None
    problem: str = ""
    status: int = 200

    @property
    def text(self) -> str:
        return yaml.safe_dump(self.live, sort_keys=False, allow_unicode=True) if self.live else ""


@require_GET
@login_required
def manifest(request: HttpRequest, pk: int, resource: int) -> HttpResponse:
    """The live manifest of a resource: a fragment, or the manifest alone with ``?format=json|yaml``."""
    instance = get_object_or_404(Instance.objects.visible_to(request.user), pk=pk)
    decision = can(request.user, "view", instance)
    if not decision:
        return respond(request, instance, None, LiveManifest(problem=decision.reason, status=403))
    row = get_object_or_404(InstanceResource, pk=resource, instance=instance)
    return respond(request, instance, row, read_manifest(row))


def read_manifest(row: InstanceResource) -> LiveManifest:
    withheld = withheld_manifest(row)
    if withheld:
        return LiveManifest(problem=withheld, status=403)
    try:
        live = asyncio.run(read(row))
    except Unreachable as error:
        return LiveManifest(problem=str(error), status=503)
    except (KubeError, TimeoutError) as error:
        return LiveManifest(problem=problem_of(error), status=502)
    if live is None:
        return LiveManifest(problem=f"{row} does not exist in the cluster.", status=404)
    if labels_of(live).get(INSTANCE_ID) != row.instance.uid:
        return LiveManifest(problem=f"{row} is not an object of this instance.", status=404)
    return LiveManifest(redact(live))


def withheld_manifest(row: InstanceResource) -> str:
    """Why it is not shown that the object carries a value of a Secret, from a grant that was revoked."""
    contract = row.instance.contract
    usable = usable_contract(contract)
    if usable is None:
        return f"{row} is not shown, because its contract does not compile: it may hold a value of a Secret."
    definition = withhold(usable.definition, granted_keys(contract.name, contract.owner))
    for node in withheld_nodes(definition):
        if label_value(node) == label_value(row.node):
            return f"{row} is not shown. {withheld_reason(definition, node)}"
    return ""


async def read(row: InstanceResource) -> dict[str, Any] | None:
    async with asyncio.timeout(READ_TIMEOUT), connect() as client:
        try:
            kind = await client.kinds.find(row.api_version, row.kind)
        except NotServed:
            return None
        return await client.get(kind, row.namespace, row.name)


def problem_of(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "The cluster takes too long to answer. Try again in a moment."
    if isinstance(error, ApiError) and error.code == 403:
        return f"The cluster does not permit Slipway to read this: {error.message}"
    return str(error)


def respond(
    request: HttpRequest, instance: Instance, row: InstanceResource | None, found: LiveManifest
) -> HttpResponse:
    requested = request.GET.get("format", "")
    if requested == "json":
        body = {"detail": found.problem} if found.problem else found.live or {}
        return JsonResponse(body, status=found.status)
    text = found.text
    if requested == "yaml":
        plain = "text/plain; charset=utf-8"
        return HttpResponse(text or found.problem, content_type=plain, status=found.status)
    context = {
        "instance": instance,
        "resource": row,
        "text": text,
        "lines": text.splitlines(),
        "problem": found.problem,
    }
    return render(request, "reconciler/_manifest.html", context, status=found.status)
