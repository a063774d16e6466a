"""A parser for the parts of protobuf's text format that CEL's conformance data use.

A message becomes a dict from field name to the list of its values: messages, bytes (quoted), or str (bare
words and numbers, as written).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Message = dict[str, list[Any]]

TOKEN = re.compile(
    r"""(?P<blank>(?:\s+|\#[^\n]*)+)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<name>\[[A-Za-z0-9_./]+\])
      | (?P<word>[-+]?(?:[0-9.]+[eE][-+]?[0-9]+|[A-Za-z0-9_.]+))
      | (?P<mark>[{}<>\[\]:,;])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
CONTROL = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


def read(text: str) -> Message:
    return _Reader(text).message("")


def _bytes(literal: str) -> bytes:
    found: list[bytes] = []
    position = 0
    body = literal[1:-1]
    for match in ESCAPE.finditer(body):
        found.append(body[position : match.start()].encode())
        octal, hexadecimal, short, long, simple = match.groups()
        if octal or hexadecimal:
            found.append(bytes([int(octal, 8) & 255 if octal else int(hexadecimal, 16)]))
        elif short or long:
            found.append(chr(int(short or long, 16)).encode())
        else:
            found.append(CONTROL.get(simple, simple).encode())
        position = match.end()
    return b"".join([*found, body[position:].encode()])


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ValueError(f"cannot read {text[position : position + 30]!r}")
        position = match.end()
        if match.lastgroup != "blank":
            yield match.lastgroup, match.group()
    yield "end", ""


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.kind, self.text = next(self.tokens)

    def take(self) -> str:
        text = self.text
        if self.kind != "end":
            self.kind, self.text = next(self.tokens)
        return text

    def message(self, closer: str) -> Message:
        found: Message = {}
        while self.text != closer:
            if self.kind == "end":
                raise ValueError(f"“{closer}” is missing")
            values = found.setdefault(self.take(), [])
            if self.text == ":":
                self.take()
            if self.text == "[":
                self.take()
                while self.text not in ("]", ""):
                    values.append(self.value())
                    if self.text == ",":
                        self.take()
                self.take()
            else:
                values.append(self.value())
            if self.text in (",", ";"):
                self.take()
        self.take()
        return found

    def value(self) -> Any:
        if self.text in ("{", "<"):
            return self.message({"{": "}", "<": ">"}[self.take()])
        if self.kind != "string":
            return self.take()
        found = b""
        while self.kind == "string":
            found += _bytes(self.take())
        return found
