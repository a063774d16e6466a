"""What the API does not know it refuses, with a guess at what was meant: a misspelt name that is passed over
in silence is a wish that was lost."""

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
    """Takes the fields that it names and no others. Every wrong field is told at once."""

    default_error_messages: ClassVar = {"invalid": "Send a JSON object, not a {datatype}."}

    def to_internal_value(self, data: Any) -> Any:
        unknown = unknown_names(data, self.fields, "field") if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as refusal:
            raise ValidationError({**unknown, **refusal.detail}) from None  # type: ignore[dict-item]
        if unknown:
            raise ValidationError(unknown)
        return value


def check_parameters(
    request: Request, parameters: Iterable[OpenApiParameter], values: Mapping[str, Collection[str]]
) -> None:
    """Raises ``ValidationError`` for parameters of the address that a list does not have, and for values that
    one of ``values`` cannot have. An empty value narrows nothing."""
    given = request.query_params
    wrong = unknown_names(given, [*(one.name for one in parameters), *PAGING], "parameter")
    for name, possible in values.items():
        if given.get(name) and given[name] not in possible:
            wrong[name] = f"There is no “{given[name]}”. Possible: {', '.join(possible)}."
    if wrong:
        raise ValidationError(wrong)


def unknown_names(given: Iterable[str], known: Iterable[str], what: str) -> dict[str, str]:
    """Name → what to say of it, for every given name that is not known."""
    names = list(known)
    return {name: f"There is no {what} “{name}”.{guess(name, names)}" for name in given if name not in names}


def guess(name: str, names: Collection[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f" Did you mean “{close[0]}”?" if close else ""
