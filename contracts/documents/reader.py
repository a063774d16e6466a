"""YAML or JSON text → plain data with the line and column of every key and value. Safe on hostile input.

Values are what the API server would read (:mod:`contracts.documents.scalars`); surprising ones are warnings.
Nothing here raises on bad input: every error is a :class:`~contracts.problems.Problem`. The text is read as a
stream of events, so depth, aliases and size are bounded before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from contracts.documents.json_tree import JSONTreeReader, is_json
from contracts.documents.yaml_tree import Limits, Node, Span, Stop, TreeReader, syntax_problem
from contracts.problems import Problem


class Document:
    """One YAML document: ``data`` as plain dicts, lists and scalars, and the position of each part.

    ``partial``: a syntax error cuts it off; this is the part before the error.
    """

    def __init__(self, root: Node, data: Any, text: str, index: int, partial: bool = False) -> None:
        self._root = root
        self.data = data
        self.text = text
        self.index = index
        self.partial = partial

    def key_span(self, path: Sequence[str | int]) -> Span | None:
        """The position of the key of ``path``; None for list items, the root, and keys that do not exist."""
        if not path or isinstance(path[-1], int):
            return None
        node, rest = self._find(path[:-1])
        return node.keys.get(path[-1]) if not rest else None

    def value_span(self, path: Sequence[str | int]) -> Span | None:
        """The position of the value at ``path``, or of its nearest parent that exists."""
        return self._find(path)[0].span

    def span_of(self, path: Sequence[str | int]) -> Span | None:
        """The position to report for ``path``: the key if there is one, else the value."""
        node, rest = self._find(path)
        known = path[: len(path) - len(rest)]
        return self.key_span(known) or node.span

    def has(self, path: Sequence[str | int]) -> bool:
        return not self._find(path)[1]

    def span_within(self, path: Sequence[str | int], start: int, end: int) -> Span | None:
        """The position of characters ``start`` to ``end`` of the scalar at ``path``."""
        node, rest = self._find(path)
        if rest or node.kind != "scalar" or not isinstance(node.value, str):
            return node.span
        offsets = list(_character_offsets(node, self.text))
        if not offsets:
            return node.span
        first = offsets[min(start, len(offsets) - 1)]
        last = offsets[min(max(end - 1, start), len(offsets) - 1)]
        return Span(*_line_column(self.text, first), *_line_column(self.text, last + 1))

    def _find(self, path: Sequence[str | int]) -> tuple[Node, Sequence[str | int]]:
        node = self._root
        for depth, part in enumerate(path):
            child: Node | None = None
            if isinstance(part, int):
                child = node.items[part] if 0 <= part < len(node.items) else None
            else:
                child = node.fields.get(part)
            if child is None:
                return node, path[depth:]
            node = child
        return node, ()


def _line_column(text: str, offset: int) -> tuple[int, int]:
    before = text.rfind("\n", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - before


_ESCAPED = {"x": 4, "u": 6, "U": 10}
_SURROGATE_PAIR = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..")


def _character_offsets(node: Node, text: str) -> Iterator[int]:
    """The offset in ``text`` of each character of a scalar's value.

    Folding and indentation change only white space, so the visible characters of value and text are matched
    one by one, and white space is placed after the preceding visible character.
    """
    at, end, double = node.start, node.end, node.style == '"'
    if node.style in ("|", ">"):
        at = text.find("\n", at) + 1 or end
    elif node.style in ("'", '"'):
        at += 1
    after, gap = at, 0
    for char in node.value:
        escaped = double and text[at : at + 1] == "\\" and text[at + 1 : at + 2] not in ("\n", "\r")
        if char.isspace() and not escaped:
            yield min(after + gap, end - 1)
            gap += 1
            at = _past_gap(text, at, end) if double else at
            continue
        if not escaped:
            at = _past_gap(text, at, end, whole=True, continued=double)
        yield min(at, end - 1)
        at += _width(text, at, node.style)
        after, gap = at, 0


def _past_gap(text: str, at: int, end: int, *, whole: bool = False, continued: bool = False) -> int:
    """The offset after one space, or after a run of white space when it contains a line break."""
    stop = at
    while stop < end and (text[stop].isspace() or (continued and text[stop : stop + 2] == "\\\n")):
        stop += 2 if text[stop] == "\\" else 1
    return stop if whole or "\n" in text[at:stop] else min(at + 1, stop)


def _width(text: str, at: int, style: str) -> int:
    if style == "'" and text[at : at + 2] == "''":
        return 2
    if style == '"' and text[at : at + 1] == "\\":
        is_pair = _SURROGATE_PAIR.match(text, at)
        return is_pair.end() - at if is_pair else _ESCAPED.get(text[at + 1 : at + 2], 2)
    return 1


def read(
    text: str, *, limits: Limits | None = None, salvage: bool = False
) -> tuple[list[Document], list[Problem]]:
    """Read every document of ``text``. Empty documents are omitted; a text without any returns an empty list.

    Reading stops at a syntax error: the documents before it are returned, and with ``salvage`` also the part
    before the error of the document that contains it.
    """
    limits = limits or Limits()
    if len(text) > limits.size:
        message = f"The text has {len(text):,} characters; the maximum is {limits.size:,}."
        return [], [Problem("too-large", message, line=1, column=1)]
    text = text.removeprefix("\ufeff")
    reader = _reader_of(text, limits)
    whole = limits.documents
    try:
        reader.run()
    except yaml.YAMLError as error:
        reader.problems.append(syntax_problem(error, text))
        whole = len(reader.roots)
        if salvage and isinstance(reader, TreeReader):
            reader.salvage()
    except UnicodeError:
        message = "The text contains a lone surrogate, which is not a character."
        reader.problems.append(Problem("yaml-syntax", message, line=1, column=1))
    except Stop as stop:
        reader.problems.append(stop.problem)
    documents: list[Document] = []
    budget = _Budget(limits.nodes)
    for index, root in enumerate(reader.roots):
        try:
            data = _build(root, budget)
        except Stop as stop:
            return documents, [*reader.problems, stop.problem]
        if data is not None:
            documents.append(Document(root, data, text, len(documents), partial=index >= whole))
    return documents, reader.problems


def _reader_of(text: str, limits: Limits) -> TreeReader | JSONTreeReader:
    try:
        return JSONTreeReader(text, limits) if is_json(text) else TreeReader(text, limits)
    except RecursionError:  # the YAML reader needs no stack, and says where it is too deep
        return TreeReader(text, limits)


class _Budget:
    def __init__(self, nodes: int) -> None:
        self.left = nodes
        self.nodes = nodes

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            message = f"The text expands to more than {self.nodes:,} values when its aliases are resolved."
            raise Stop(Problem("yaml-alias-bomb", message, line=1, column=1, hint="Use fewer “*” aliases."))


def _build(node: Node, budget: _Budget) -> Any:
    """Plain data; the target of an alias is copied, so that no value is shared."""
    budget.spend()
    if node.kind == "mapping":
        return {key: _build(child, budget) for key, child in node.fields.items()}
    if node.kind == "sequence":
        return [_build(child, budget) for child in node.items]
    return node.value
