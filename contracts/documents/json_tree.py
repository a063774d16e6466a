"""JSON text → the same tree of values and positions as YAML text.

Text that is JSON is read as JSON, as kubectl does. Most JSON is YAML too, but not all: YAML has no
surrogate pairs (``\\ud83d\\ude00``), and folds line separators inside of strings.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from typing import Any

from contracts.documents.yaml_tree import (
    Key,
    Limits,
    Node,
    Span,
    Stop,
    long_key,
    number_too_large,
    put,
    stop_after_many,
    too_deep,
    too_many,
)
from contracts.problems import Problem
from portal.input_limits import LIMITS, bytes_in

_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?|true|false|null")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_WORDS = {"true": True, "false": False, "null": None}
_LARGEST = 2**64  # a larger integer is a float to Kubernetes
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def is_json(text: str) -> bool:
    """Whether the whole text is one JSON object. Raises ``RecursionError`` for one that is far too deep."""
    if not text.lstrip(" \t\r\n").startswith("{"):
        return False
    try:
        json.loads(text, parse_constant=_refuse, parse_int=float, parse_float=float)
    except ValueError:
        return False
    return True


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


class JSONTreeReader:
    """Reads valid JSON (:func:`is_json`) into ``roots``, with an explicit stack and the limits of YAML."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.problems: list[Problem] = []
        self.roots: list[Node] = []
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._stack: list[Node] = []
        self._keys: list[Key | None] = []
        self._placed = 0

    def run(self) -> None:
        at = self._after_blanks(0)
        while at < len(self.text):
            char = self.text[at]
            if char in "{[":
                at = self._open("mapping" if char == "{" else "sequence", at)
            elif char in "}]":
                at = self._close(at)
            elif char in ",:":
                at += 1
            elif char == '"':
                at = self._string(at)
            else:
                at = self._scalar(at)
            at = self._after_blanks(at)

    def _after_blanks(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def _span(self, start: int, end: int) -> Span:
        return Span(*self._line_column(start), *self._line_column(end))

    def _line_column(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def _open(self, kind: str, at: int) -> int:
        if len(self._stack) >= self.limits.depth:
            raise Stop(too_deep(self.limits, self._span(at, at + 1)))
        self._stack.append(Node(kind, self._span(at, at + 1), at, at + 1))
        self._keys.append(None)
        return at + 1

    def _close(self, at: int) -> int:
        node = self._stack.pop()
        self._keys.pop()
        node.end = at + 1
        node.span = self._span(node.start, at + 1)
        self._place(node)
        return at + 1

    def _string(self, at: int) -> int:
        match = _STRING.match(self.text, at)
        assert match is not None, "is_json() was true"
        value, end = json.loads(match[0]), match.end()
        span = self._span(at, end)
        if _LONE_SURROGATE.search(value):
            message = "The string contains half of a surrogate pair, which is not a character."
            self._report("lone-surrogate", message, span)
            value = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
        if self._stack and self._stack[-1].kind == "mapping" and self._keys[-1] is None:
            if bytes_in(value) > self.limits.key:
                raise Stop(long_key(self.limits, span))
            self._keys[-1] = Key(value, span)
        else:
            self._place(Node("scalar", span, at, end, value, '"'))
        return end

    def _scalar(self, at: int) -> int:
        match = _SCALAR.match(self.text, at)
        assert match is not None, "is_json() was true"
        word, end = match[0], match.end()
        value: Any = _WORDS.get(word) if word in _WORDS else self._number(word, match, at)
        self._place(Node("scalar", self._span(at, end), at, end, value))
        return end

    def _number(self, word: str, match: re.Match[str], at: int) -> int | float:
        number = float(word) if len(word) <= LIMITS.digits else math.inf
        if math.isinf(number):
            self.problems.append(number_too_large(self._span(at, match.end())))
            return 0
        is_integer = match[1] is None and match[2] is None
        return int(word) if is_integer and abs(int(word)) < _LARGEST else number

    def _report(self, code: str, message: str, span: Span) -> None:
        place = (span.line, span.column, span.end_line, span.end_column)
        line, column, end_line, end_column = place
        self.problems.append(
            Problem(code, message, line=line, column=column, end_line=end_line, end_column=end_column)
        )

    def _place(self, node: Node) -> None:
        self._placed += 1
        if self._placed > self.limits.nodes:
            raise Stop(too_many(self.limits, node.span))
        stop_after_many(self.problems, node.span)
        if not self._stack:
            self.roots.append(node)
        elif self._stack[-1].kind == "sequence":
            self._stack[-1].items.append(node)
        else:
            key = self._keys[-1]
            assert key is not None, "is_json() was true"
            self._keys[-1] = None
            put(self._stack[-1], key, node, self.problems)
