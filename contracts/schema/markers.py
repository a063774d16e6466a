"""The part of a SimpleSchema field after the “|”: ``required=true default="a b"`` (kro §2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAMES = (
    "required",
    "default",
    "description",
    "minimum",
    "maximum",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "listType",
    "listMapKey",
    "validation",
    "immutable",
)
_NOT_SPACE = re.compile(r"\S")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker. ``start`` and ``end`` count characters of the marker text."""

    name: str
    value: str
    start: int
    end: int
    quoted: bool = False


class MarkerError(ValueError):
    """The markers cannot be parsed. Carries the position and a hint."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.start, self.end, self.hint = start, end, hint


def split(text: str) -> list[Marker]:
    """Parse the markers. Trailing whitespace is allowed, which kro refuses (quirk 3).

    Raises :class:`MarkerError` at the first error, because the rest cannot be parsed reliably.
    """
    markers = []
    at = 0
    while found := _NOT_SPACE.search(text, at):
        start = found.start()
        equals = text.find("=", at)
        if equals < 0:
            rest = text[at:].strip()
            raise MarkerError(
                f"The marker “{rest}” has no value.", start, len(text.rstrip()), _pairs_hint(rest)
            )
        name = text[at:equals].strip()
        if not name:
            raise MarkerError("The marker name before “=” is missing.", equals, equals + 1)
        end = _value_end(text, equals + 1, name)
        raw = text[equals + 1 : end]
        markers.append(Marker(name, _unquote(raw), start, end, raw.startswith('"')))
        if not raw and end < len(text):
            hint = f"Write “{name}=…” without a space after “=”; write an empty string as two quotes."
            raise MarkerError(f"The marker “{name}” has no value.", start, equals + 1, hint)
        at = end
    return markers


def _pairs_hint(rest: str) -> str:
    if rest in NAMES:
        return f"Write “{rest}=true”, or another value."
    return 'Put values that contain spaces in double quotes: default="two words".'


def _value_end(text: str, at: int, name: str) -> int:
    """The end of a value: the first whitespace outside quotes and brackets.

    As in kro, any closing bracket closes any opening one.
    """
    start, depth = at, 0
    while at < len(text):
        char = text[at]
        if char == '"':
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                raise MarkerError(f"The value of “{name}” has an unclosed quote.", start, len(text))
            at = quoted.end()
            continue
        if char.isspace() and not depth:
            return at
        depth += (char in "{[") - (char in "}]")
        if depth < 0:
            raise MarkerError(f"The value of “{name}” has an unmatched “{char}”.", at, at + 1)
        at += 1
    if depth:
        raise MarkerError(f"The value of “{name}” has an unclosed bracket.", start, len(text))
    return at


def _unquote(raw: str) -> str:
    """The value without its quotes. ``\\"`` and ``\\\\`` become one character; other backslashes remain."""
    if len(raw) < 2 or not (raw.startswith('"') and raw.endswith('"')):
        return raw
    text, at = "", 1
    while at < len(raw) - 1:
        if raw[at] == "\\" and raw[at + 1] in '"\\' and at + 1 < len(raw) - 1:
            at += 1
        text += raw[at]
        at += 1
    return text
