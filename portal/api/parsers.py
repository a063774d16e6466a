"""JSON without the character NUL, which neither manifests nor the database can contain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from portal.middleware.nul import NUL


class PlainJSONParser(JSONParser):
    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        data = super().parse(stream, media_type, parser_context)
        if contains_nul(data):
            raise ParseError("The body contains the character NUL (\\u0000). Remove it.")
        return data


def contains_nul(data: Any) -> bool:
    """Checks every key and string. Iterative, so that deep nesting does not exhaust the stack."""
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and NUL in one:
            return True
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return False
