"""For whoever starts and stops this process: is it alive, and can it do its work?"""

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
    """``/healthz``: the process answers. Looks at nothing else, so that a slow database restarts nobody."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """``/readyz``: 503 with the reasons while the database or something that a room names is not ready."""
    reasons = database_problem() or [reason for _, check in hooks("READINESS") if (reason := check())]
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)


def database_problem() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return ["The database does not answer."]
    return []
