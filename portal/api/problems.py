"""Error answers of the API, in one shape: ``{"message": …, "problems": [{path, message, hint, …}]}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler


class Refused(APIException):
    """A request that is understood and refused, with every problem at once. ``problems`` are plain dicts."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY

    def __init__(self, message: str, problems: Iterable[Mapping[str, Any]] = (), code: int = 422) -> None:
        super().__init__(message)
        self.status_code = code  # type: ignore[assignment]
        self.problems = [dict(problem) for problem in problems]


def answer(exc: Exception, context: dict[str, Any]) -> Response | None:
    response = exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, Refused):
        response.data = {"message": str(exc.detail), "problems": exc.problems}
    elif isinstance(exc, ValidationError):
        response.data = {"message": "The request is not valid.", "problems": list(flatten(exc.detail))}
    elif isinstance(exc, APIException):
        response.data = {"message": str(exc.detail), "problems": []}
    else:
        response.data = {"message": str(response.data.get("detail", "Refused.")), "problems": []}
    return response


def flatten(detail: Any, path: str = "") -> Iterable[dict[str, str]]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from flatten(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from flatten(value, path)
    else:
        yield {"path": path, "message": str(detail)}
