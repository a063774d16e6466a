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
    """``/readyz``: 503 with the reason while the database does not answer: no page could.

    Beside that it tells what the hooks of ``READINESS_FACTS`` know, such as how the reconciler is. That makes
    this process no less ready: pages work without it, and taking them away would hide why nothing moves.
    """
    if problem := database_problem():
        return JsonResponse({"ready": False, "reasons": [problem]}, status=503)
    facts = {name: text for _, tell in hooks("READINESS_FACTS") for name, text in tell().items()}
    return JsonResponse({"ready": True, "reasons": [], **facts})


def database_problem() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "The database does not answer."
    return ""
