"""The parser of the API's bodies: JSON whose values are used as they were sent, or refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from contracts.documents import Limits, read
from contracts.problems import Problem
from portal.api.refused import Refused
from portal.input_limits import LIMITS, LimitExceeded, check_json
from portal.middleware.nul import NUL

_TOO_LARGE = 2**64
_UNUSABLE = {NUL, *map(chr, range(0xD800, 0xE000))}


class ExactJSONParser(BaseParser):
    """UTF-8 without duplicate keys, NUL, halves of surrogate pairs, and numbers that JSON does not have.

    Python's parser is fast, but would lose a duplicate key. Only a body that has one is read with positions.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            text = stream.read().decode()
            check_json(text)
            data = json.loads(text, object_pairs_hook=_Object, parse_constant=_refuse, parse_float=_number)
        except LimitExceeded:
            raise
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from None
        _check(data, text)
        return data


class _Object(dict[str, Any]):
    """``is_exact``: no key was there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.is_exact = len(pairs) == len(self)


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number in JSON.")


def _number(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large.")
    return number


def _check(data: Any, text: str) -> None:
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and not _UNUSABLE.isdisjoint(one):
            if NUL in one:
                raise ParseError("The body contains the character NUL (\\u0000). Remove it.")
            raise ParseError("The body contains half of a surrogate pair, which is not a character.")
        if isinstance(one, int) and abs(one) >= _TOO_LARGE:
            raise ParseError(f"The number {one} is too large: Kubernetes has integers below 2^64.")
        if isinstance(one, _Object):
            if not one.is_exact:
                raise Refused("The body has duplicate keys.", map(_as_dict, _duplicates(text)), code=400)
            waiting += [part for pair in one.items() for part in pair]
        elif isinstance(one, list):
            waiting += one


def _duplicates(text: str) -> list[Problem]:
    _, problems = read(text, limits=Limits(size=LIMITS.body))
    return [problem for problem in problems if problem.code == "yaml-duplicate-key"]


def _as_dict(problem: Problem) -> dict[str, Any]:
    names = ("path", "code", "severity", "message", "hint", "line", "column")
    return {name: value for name, value in asdict(problem).items() if name in names}
