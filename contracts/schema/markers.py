"""The part of a SimpleSchema field behind the “|”: ``required=true default="a b"`` (kro §2.3)."""

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
_INK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker. ``start`` and ``end`` count characters of the marker text."""

    name: str
    value: str
    start: int
    end: int
    quoted: bool = False


class MarkerError(ValueError):
    """The marker text cannot be taken apart. Carries where, and what to do."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.start, self.end, self.hint = start, end, hint


def split(text: str) -> list[Marker]:
    """Take the marker text apart. White space at the end is allowed, which kro refuses (quirk 3).

    Raises :class:`MarkerError` at the first fault: what follows it cannot be understood.
    """
    markers = []
    at = 0
    while found := _INK.search(text, at):
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
    """Where a value ends: at white space outside of quotes and of brackets; as in kro, any bracket
    closes any other."""
    start, quoted, opened = at, False, 0
    while at < len(text):
        char = text[at]
        if quoted:
            if char == "\\":
                at += 1
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "{[":
            opened += 1
        elif char in "}]":
            if not opened:
                raise MarkerError(f"The value of “{name}” has an unmatched “{char}”.", at, at + 1)
            opened -= 1
        elif char.isspace() and not opened:
            break
        at += 1
    if quoted:
        raise MarkerError(f"The value of “{name}” has an unclosed quote.", start, len(text))
    if opened:
        raise MarkerError(f"The value of “{name}” has an unclosed bracket.", start, len(text))
    return min(at, len(text))


def _unquote(raw: str) -> str:
    """Without the quotes around it; ``\\"`` and ``\\\\`` become one character, other backslashes stay."""
    if len(raw) < 2 or not (raw.startswith('"') and raw.endswith('"')):
        return raw
    text, at = "", 1
    while at < len(raw) - 1:
        if raw[at] == "\\" and raw[at + 1] in '"\\' and at + 1 < len(raw) - 1:
            at += 1
        text += raw[at]
        at += 1
    return text
