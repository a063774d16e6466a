"""Refuses unknown fields and parameters, with a suggestion. Ignoring a misspelled name would lose input."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

PAGING = ("page", "page_size")


class StrictSerializer(Serializer[Any]):
    """Accepts only its own fields. All problems are reported at once."""

    default_error_messages: ClassVar = {"invalid": "Expected a JSON object, got {datatype}."}

    def to_internal_value(self, data: Any) -> Any:
        unknown = unknown_names(data, self.fields, "field") if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**unknown, **error.detail}) from None  # type: ignore[dict-item]
        if unknown:
            raise ValidationError(unknown)
        return value


def check_parameters(
    request: Request, parameters: Iterable[OpenApiParameter], values: Mapping[str, Collection[str]]
) -> None:
    """Raises ``ValidationError`` for unknown query parameters, and for values that ``values`` does not allow.

    Empty values do not filter.
    """
    given = request.query_params
    wrong = unknown_names(given, [*(one.name for one in parameters), *PAGING], "parameter")
    for name, allowed in values.items():
        if given.get(name) and given[name] not in allowed:
            wrong[name] = f"Unknown value “{given[name]}”. Allowed: {', '.join(allowed)}."
    if wrong:
        raise ValidationError(wrong)


def unknown_names(given: Iterable[str], known: Iterable[str], what: str) -> dict[str, str]:
    """Unknown name → message."""
    names = list(known)
    return {name: f"Unknown {what} “{name}”.{suggestion(name, names)}" for name in given if name not in names}


def suggestion(name: str, names: Collection[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f" Did you mean “{close[0]}”?" if close else ""
