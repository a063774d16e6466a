"""Liveness and readiness endpoints."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.hooks import hooks


@require_safe
@never_cache
@login_not_required
def alive(request: HttpRequest) -> JsonResponse:
    """``/healthz``: the process responds. Checks nothing else, so that a slow database causes no restarts."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """``/readyz``: 503 with the reason while the database does not respond.

    The response includes the facts of ``READINESS_FACTS``, such as the state of the reconciler. They do not
    affect readiness: pages work without the reconciler and explain its absence.
    """
    if problem := database_problem():
        return JsonResponse({"ready": False, "reasons": [problem]}, status=503)
    facts = {name: text for _, read in hooks("READINESS_FACTS") for name, text in read().items()}
    return JsonResponse({"ready": True, "reasons": [], **facts})


def database_problem() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "The database does not respond."
    return ""
