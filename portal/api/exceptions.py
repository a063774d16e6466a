"""Error responses of the API: ``{"message": …, "problems": [{path, message, hint, …}]}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404
from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    NotAuthenticated,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from portal.api.refused import Refused


def handle_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    response = exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, Refused):
        response.data = {"message": str(exc.detail), "problems": exc.problems}
    elif isinstance(exc, ValidationError):
        response.data = {"message": "The request is invalid.", "problems": list(flatten(exc.detail))}
    elif isinstance(exc, APIException):
        response.data = {"message": explain(exc, context), "problems": []}
    elif isinstance(exc, Http404):
        response.data = {"message": not_found_message(exc, context), "problems": []}
    else:
        response.data = {"message": str(response.data.get("detail", "Refused.")), "problems": []}
    return response


def explain(exc: APIException, context: Mapping[str, Any]) -> str:
    """The problem, and what to do next."""
    if isinstance(exc, NotAuthenticated):
        return "Send “Authorization: Bearer TOKEN”. Create a token on your account page."
    if isinstance(exc, MethodNotAllowed):
        allowed = ", ".join(context["view"].allowed_methods)
        return f"{context['request'].method} is not allowed here. Allowed: {allowed}."
    if isinstance(exc, UnsupportedMediaType):
        return "Send JSON, with the header “Content-Type: application/json”."
    return str(exc.detail)


def not_found_message(exc: Http404, context: Mapping[str, Any]) -> str:
    """“Instance 7 not found.”, from the exception of ``get_object_or_404``."""
    found = re.fullmatch(r"No (\w+) matches the given query\.", str(exc))
    name = " ".join(str(value) for value in (context.get("kwargs") or {}).values())
    return f"{found[1]} {name} not found." if found else str(exc) or "Not found."


def flatten(detail: Any, path: str = "") -> Iterable[dict[str, str]]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            is_general = key == api_settings.NON_FIELD_ERRORS_KEY
            yield from flatten(value, path if is_general else f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from flatten(value, path)
    else:
        yield {"path": path, "message": str(detail)}
