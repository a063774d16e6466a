"""The part of a SimpleSchema field behind the “|”: ``required=true default="a b"`` (kro §2.3)."""

from __future__ import annotations

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
_CLOSES = {"}": "{", "]": "["}


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
    while text[at:].strip():
        equals = text.find("=", at)
        if equals < 0:
            rest = text[at:].strip()
            start = text.index(rest, at)
            raise MarkerError(
                f"The marker “{rest}” has no value.", start, len(text.rstrip()), _pairs_hint(rest)
            )
        name = text[at:equals].strip()
        start = text.index(name, at) if name else equals
        if not name:
            raise MarkerError("There is no marker name before “=”.", equals, equals + 1)
        end = _value_end(text, equals + 1, name)
        raw = text[equals + 1 : end]
        markers.append(Marker(name, _unquote(raw), start, end, raw.startswith('"')))
        if not raw and end < len(text):
            hint = f"Write “{name}=…” without a blank after “=”; an empty text is written as two quotes."
            raise MarkerError(f"The marker “{name}” has no value.", start, equals + 1, hint)
        at = end
    return markers


def _pairs_hint(rest: str) -> str:
    if rest in NAMES:
        return f"Write “{rest}=true” or the value that you want."
    return 'Values with blanks stand in double quotes: default="two words".'


def _value_end(text: str, at: int, name: str) -> int:
    """Where a value ends: at white space outside of quotes and of balanced brackets."""
    start, quoted, opened = at, False, [""]
    while at < len(text):
        char = text[at]
        if quoted:
            if char == "\\":
                at += 1
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "{[":
            opened.append(char)
        elif char in "}]":
            if opened[-1] != _CLOSES[char]:
                raise MarkerError(
                    f"The value of “{name}” closes a “{char}” that it never opened.", at, at + 1
                )
            opened.pop()
        elif char.isspace() and len(opened) == 1:
            break
        at += 1
    if quoted:
        raise MarkerError(f"The value of “{name}” has an opening quote but no closing one.", start, len(text))
    if len(opened) > 1:
        raise MarkerError(
            f"The value of “{name}” opens a “{opened[-1]}” that it never closes.", start, len(text)
        )
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
