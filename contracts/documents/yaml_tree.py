"""YAML events → a tree of values with their positions. Depth, aliases and size are limited while reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import yaml

from contracts.documents.scalars import is_too_large, key_text, resolve
from contracts.problems import Problem, Severity
from portal.input_limits import LIMITS, bytes_in

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a text may be: ``size`` in characters, ``nodes`` with aliases resolved, ``key`` in bytes."""

    size: int = 1024 * 1024
    depth: int = LIMITS.depth
    nodes: int = LIMITS.nodes
    key: int = LIMITS.key
    documents: int = 50


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the text; lines and columns count from 1, the end is exclusive. All 0: not known."""

    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(slots=True)
class Node:
    """A value and its position. ``start``, ``end`` and ``style`` are for finding positions inside scalars."""

    kind: str
    span: Span
    start: int
    end: int
    value: Any = None
    style: str = ""
    keys: dict[str, Span] = field(default_factory=dict)
    fields: dict[str, Node] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)  # keys that come from <<
    merge_key: Span | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its position. ``merges``: it is YAML's ``<<``, and not that string in quotes."""

    text: str
    span: Span
    merges: bool = False


MOST_PROBLEMS = 500  # further warnings are left out; after as many errors, reading stops


class Stop(Exception):
    """Reading stops here; everything before it is used."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        detail = str(getattr(error, "problem", "") or "it cannot be parsed")
        context = str(getattr(error, "context", "") or "")
        line, column = mark.line + 1, mark.column + 1
    else:
        detail, context = "it contains a character that YAML does not allow", ""
        offset = int(getattr(error, "position", 0) or 0)
        line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    message = f"This is not valid YAML: {detail}" + (f" ({context})" if context else "") + "."
    return Problem("yaml-syntax", message, line=line, column=column, hint=_syntax_hint(detail, text, line))


def _syntax_hint(detail: str, text: str, line: int) -> str:
    lines = text.splitlines()
    content = lines[line - 1] if 0 < line <= len(lines) else ""
    indentation = content[: len(content) - len(content.lstrip())]
    if "\t" in indentation or ("cannot start any token" in detail and "\t" in content):
        return "Indent with spaces; YAML does not allow tabs there."
    if "mapping values are not allowed" in detail or ("${" in content and ": " in content):
        return "Quote strings that contain “: ”, or check the indentation of this line."
    if "did not find expected key" in detail or "block end" in detail:
        return "Check the indentation of this line against the lines above."
    return ""


def positioned(problem: Problem, span: Span | None) -> Problem:
    """``problem`` with the lines and columns of ``span``; unchanged without one."""
    return replace(problem, **asdict(span)) if span is not None else problem


def too_deep(limits: Limits, span: Span) -> Problem:
    return positioned(Problem("too-deep", f"Nested more than {limits.depth} levels deep."), span)


def too_many(limits: Limits, span: Span) -> Problem:
    message = f"More than {limits.nodes:,} values."
    return positioned(Problem("too-large", message, hint="Split the text."), span)


def long_key(limits: Limits, span: Span) -> Problem:
    return positioned(Problem("too-large", f"A key is longer than {limits.key:,} bytes."), span)


def number_too_large(span: Span) -> Problem:
    return positioned(Problem("number-too-large", "The number is too large."), span)


def stop_after_many(problems: Sequence[Problem], span: Span) -> None:
    if len(problems) > MOST_PROBLEMS:
        message = f"More than {MOST_PROBLEMS} problems. Reading stopped here."
        raise Stop(positioned(Problem("too-large", message), span))


def put(parent: Node, key: Key, node: Node, problems: list[Problem]) -> None:
    """Set a field. Of duplicate keys the last one counts, as in Kubernetes, but they are an error."""
    if key.text in parent.keys and key.text not in parent.merged:
        problems.append(duplicate_key(key, parent.keys[key.text]))
    parent.merged.discard(key.text)
    parent.keys[key.text] = key.span
    parent.fields[key.text] = node


def duplicate_key(key: Key, first: Span) -> Problem:
    message = f"Duplicate key “{key.text}” in line {key.span.line}; the first one is in line {first.line}."
    hint = "Only one of the two values would be used. Remove the other one."
    return positioned(Problem("yaml-duplicate-key", message, hint=hint), key.span)


def span_of_event(event: yaml.Event) -> Span:
    start, end = _marks(event)
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _marks(event: yaml.Event) -> tuple[Any, Any]:
    """Both marks; libyaml always sets them, although the annotations say optional."""
    return event.start_mark, event.end_mark


class TreeReader:
    """Events → nodes, with an explicit stack, so that no input can exhaust Python's."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.problems: list[Problem] = []
        self.roots: list[Node] = []
        self._merged = 0
        self._placed = 0
        self._anchors: dict[str, Node] = {}
        self._stack: list[tuple[Node, list[Key]]] = []

    def run(self) -> None:
        for event in yaml.parse(self.text, _Loader):
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                if len(self.roots) >= self.limits.documents:
                    raise Stop(
                        self._problem(event, "too-large", f"More than {self.limits.documents} documents.")
                    )
            elif isinstance(event, yaml.ScalarEvent):
                self._add(self._scalar(event), event)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close(event)

    def salvage(self) -> None:
        """Close the nodes that an error left open, so that the part before it can be used."""
        while self._stack:
            node, _ = self._stack.pop()
            if not self._stack:
                self.roots.append(node)
                return
            parent, pending = self._stack[-1]
            if parent.kind == "sequence":
                parent.items.append(node)
            elif pending:
                key = pending.pop()
                parent.keys.setdefault(key.text, key.span)
                parent.fields.setdefault(key.text, node)

    def _problem(
        self, event: yaml.Event, code: str, message: str, hint: str = "", severity: Severity = "error"
    ) -> Problem:
        return positioned(Problem(code, message, severity=severity, hint=hint), span_of_event(event))

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        start, end = _marks(event)
        node = Node("scalar", span_of_event(event), start.index, end.index, event.value, event.style or "")
        tag = event.tag or ""
        if tag in ("", "!"):
            if not node.style and not tag:
                node.value, surprise = resolve(event.value)
                if is_too_large(event.value, node.value):
                    self.problems.append(number_too_large(node.span))
                    node.value = 0
                elif surprise and len(self.problems) < MOST_PROBLEMS:
                    hint = f'Write "{event.value}" in quotes for the string.'
                    self.problems.append(self._problem(event, "yaml-surprise", surprise, hint, "warning"))
        elif tag in (_TAGS + name for name in ("int", "float", "bool", "null")):
            node.value = resolve(event.value)[0]
            if is_too_large(event.value, node.value):
                self.problems.append(number_too_large(node.span))
                node.value = 0
        elif tag != _TAGS + "str":
            self._refuse_tag(event, tag)
        return node

    def _refuse_tag(self, event: yaml.Event, tag: str) -> None:
        short = tag.replace(_TAGS, "!!")
        self.problems.append(
            self._problem(event, "yaml-tag", f"The tag {short} is not used in Kubernetes manifests.")
        )

    def _alias(self, event: yaml.AliasEvent) -> None:
        target = self._anchors.get(event.anchor or "")
        if target is None:
            raise Stop(
                self._problem(event, "yaml-syntax", f"There is no anchor “&{event.anchor}” above this alias.")
            )
        if any(node is target for node, _ in self._stack):
            raise Stop(self._problem(event, "yaml-syntax", f"The alias “*{event.anchor}” contains itself."))
        self._add(target, event)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._stack) >= self.limits.depth:
            raise Stop(too_deep(self.limits, span_of_event(event)))
        kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
        start, end = _marks(event)
        node = Node(kind, span_of_event(event), start.index, end.index)
        if event.tag and event.tag not in (_TAGS + "map", _TAGS + "seq", "!"):
            self._refuse_tag(event, event.tag)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._stack.append((node, []))

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        node, _ = self._stack.pop()
        end = _marks(event)[1]
        node.end = end.index
        node.span = Span(node.span.line, node.span.column, end.line + 1, end.column + 1)
        self._place(node, event)

    def _add(self, node: Node, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            self._anchors[event.anchor] = node
        self._place(node, event)

    def _place(self, node: Node, event: yaml.Event) -> None:
        """Add a complete node to its parent: as document root, list item, key or value."""
        parent, pending = self._stack[-1] if self._stack else (None, [])
        if parent is not None and parent.kind == "mapping" and not pending:
            pending.append(self._key(node, event))
            return
        self._placed += 1
        if self._placed > self.limits.nodes:
            raise Stop(too_many(self.limits, span_of_event(event)))
        stop_after_many(self.problems, node.span)
        if parent is None:
            self.roots.append(node)
        elif parent.kind == "sequence":
            parent.items.append(node)
        else:
            self._put(parent, pending.pop(), node)

    def _key(self, node: Node, event: yaml.Event) -> Key:
        span = span_of_event(event)
        if node.kind != "scalar":
            self.problems.append(self._problem(event, "yaml-key", "A key must be a string."))
            return Key("", span)
        if node.value is None:
            self.problems.append(self._problem(event, "yaml-key", "A key is missing before the colon."))
        text = key_text(node.value)
        if bytes_in(text) > self.limits.key:
            raise Stop(long_key(self.limits, span))
        return Key(text, span, merges=node.value == "<<" and not node.style)

    def _put(self, parent: Node, key: Key, node: Node) -> None:
        if not key.merges:
            put(parent, key, node, self.problems)
            return
        if parent.merge_key is not None:
            self.problems.append(duplicate_key(key, parent.merge_key))
        parent.merge_key = key.span
        for source in node.items if node.kind == "sequence" else [node]:
            self._merge(parent, source, key.span)

    def _merge(self, parent: Node, source: Node, span: Span) -> None:
        """Merge the fields of ``<<``; fields of the map itself take precedence."""
        if source.kind != "mapping":
            message = "Only maps can be merged with “<<”."
            self.problems.append(positioned(Problem("yaml-merge", message), span))
        self._merged += len(source.fields)
        if self._merged > self.limits.nodes:
            message = f"More than {self.limits.nodes:,} fields are merged."
            raise Stop(positioned(Problem("yaml-alias-bomb", message), span))
        for key, node in source.fields.items():
            if key not in parent.keys:
                parent.merged.add(key)
                parent.keys[key] = source.keys[key]
                parent.fields[key] = node
