"""The exception of a refused request. Parsers raise it, which the framework imports before its views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException


class Refused(APIException):
    """A well-formed request that is refused, with all problems as dicts."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY

    def __init__(self, message: str, problems: Iterable[Mapping[str, Any]] = (), code: int = 422) -> None:
        super().__init__(message)
        self.status_code = code  # type: ignore[assignment]
        self.problems = [dict(problem) for problem in problems]
