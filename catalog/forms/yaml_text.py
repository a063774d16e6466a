"""The YAML text of a draft: parsing, serialising, and merging values into text that a user wrote.

Parsing is :func:`contracts.documents.read`, which reads YAML as Kubernetes does and is safe on hostile text.
Serialising uses ruamel.yaml's round trip, which preserves comments and the order of keys. Whatever it writes
is read again, and a text that does not have exactly the desired value is replaced by one that has: comments
can be lost, values cannot.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString, ScalarString

from contracts.documents import Document, Limits, read
from contracts.documents.paths import MISSING, Path
from contracts.documents.scalars import resolve
from contracts.problems import Problem

ListKeys = Callable[[Path], Sequence[str]]
LIMITS = Limits(size=256 * 1024)
LONGEST_TO_MERGE = 40_000  # characters; ruamel.yaml reads a longer text for seconds
# Everything that YAML requires to be escaped, reads as a line break, or strips at the start of a text.
_ESCAPED = re.compile(
    "[^\\n\\t\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)


def read_manifest(text: str) -> tuple[Document | None, list[Problem]]:
    """The document of a draft, or None if it is unusable, and every problem of its text."""
    documents, problems = read(text, limits=LIMITS)
    if len(documents) > 1:
        message = "The text contains several documents (“---”); an instance is one document."
        problems.append(Problem("several-documents", message, line=1, column=1))
    if documents and not isinstance(documents[0].data, dict):
        message = "An instance must be a mapping with apiVersion, kind, metadata and spec."
        problems.append(Problem("not-a-mapping", message, line=1, column=1))
        return None, problems
    if not documents and not any(problem.is_error for problem in problems):
        hint = "Write apiVersion, kind, metadata and spec. “spec: {}” sets no field."
        problems.append(Problem("no-instance", "The text contains no instance.", line=1, column=1, hint=hint))
    return (documents[0] if documents else None), problems


def from_yaml(text: str) -> tuple[Any, str]:
    """The value of a YAML input of the form, and its problem or an empty string. Blank is ``MISSING``."""
    if not text.strip():
        return MISSING, ""
    documents, problems = read(text, limits=LIMITS)
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        first = errors[0]
        return text, f"Line {first.line}: {first.message}" if first.line else first.message
    if len(documents) != 1:
        return text, "Enter one YAML value."
    return documents[0].data, ""


def to_yaml(value: Any) -> str:
    """``value`` as YAML text; an empty string for an empty value."""
    if value is MISSING or value is None or value in ({}, []):
        return ""
    if isinstance(value, str) and "\n" in value:  # ruamel does not indent a block that is the whole text
        return _dump(DoubleQuotedScalarString(value))
    if isinstance(value, Mapping) and len(json.dumps(value)) > LONGEST_TO_MERGE:
        return str(yaml.dump(value, Dumper=_LongDumper, **_LONG))  # the same values, five times as fast
    return _dump(_round_trip_value(value))


def merge(text: str, before: Mapping[str, Any], desired: Mapping[str, Any], keys: ListKeys) -> str:
    """Change ``text``, whose value is ``before``, so that its value is ``desired``, with few edits.

    ``keys(path)``: the merge keys of the list at ``path``. Text that cannot be changed so is replaced.
    """
    if identical(before, desired) and text.strip():
        return text
    if len(text) > LONGEST_TO_MERGE:
        return to_yaml(desired)
    try:
        document = _round_trip().load(text)
        if isinstance(document, CommentedMap):
            _Merger(keys).merge_map(document, before, desired, ())
            merged = _dump(document)
            written, _ = read_manifest(merged)
            if written is not None and identical(written.data, desired):
                return merged
    except (YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        pass  # ruamel.yaml refuses some texts that Kubernetes reads, and fails on rare ones
    return to_yaml(desired)


class _Merger:
    """Edits ruamel's document where ``before`` and ``desired`` differ. ruamel's own values are not trusted:
    it reads YAML 1.2, Kubernetes 1.1."""

    def __init__(self, keys: ListKeys) -> None:
        self.keys = keys

    def merge_map(
        self, have: CommentedMap, before: Mapping[str, Any], desired: Mapping[str, Any], path: Path
    ) -> None:
        for key in before:
            if key not in desired:
                del have[key]
        for key, value in desired.items():
            old = before.get(key, MISSING)
            if not identical(old, value):
                merged = self.merged(have.get(key), old, value, (*path, key))
                if merged is not have.get(key):
                    _set(have, key, merged)

    def merged(self, have: Any, before: Any, desired: Any, path: Path) -> Any:
        """``have`` changed in place where that is possible, otherwise a new node."""
        if isinstance(have, CommentedMap) and isinstance(before, Mapping) and isinstance(desired, Mapping):
            self.merge_map(have, before, desired, path)
            return have
        if isinstance(have, CommentedSeq) and isinstance(before, list) and isinstance(desired, list):
            self.merge_list(have, before, desired, path)
            return have
        return _round_trip_value(desired)

    def merge_list(
        self, have: CommentedSeq, before: Sequence[Any], desired: Sequence[Any], path: Path
    ) -> None:
        """Match items by merge keys, else by value, else by position, so that they retain their comments."""
        left = dict(enumerate(before))
        comments = dict(have.ca.items)
        matched = [_match(item, position, left, self.keys(path)) for position, item in enumerate(desired)]
        nodes = list(have)
        del have[:]
        have.ca.items.clear()
        for position, (item, source) in enumerate(zip(desired, matched, strict=True)):
            if source is None:
                have.append(_round_trip_value(item))
            elif identical(before[source], item):
                have.append(nodes[source])
            else:
                have.append(self.merged(nodes[source], before[source], item, (*path, position)))
            if source in comments:
                have.ca.items[position] = comments[source]


def _set(have: CommentedMap, key: str, node: Any) -> None:
    """Set without ruamel's own rule, by which a new string gets the style of the old one."""
    old = have.get(key)
    if isinstance(node, str) and not isinstance(node, ScalarString) and old and isinstance(old, ScalarString):
        have[key] = node
    elif key in have:
        super(CommentedMap, have).__setitem__(key, node)
    else:
        have[_quoted_key(key)] = node


def _match(item: Any, position: int, left: dict[int, Any], keys: Sequence[str]) -> int | None:
    def take(test: Callable[[Any], bool]) -> int | None:
        found = next((index for index, old in left.items() if test(old)), None)
        if found is not None:
            del left[found]
        return found

    if keys and isinstance(item, Mapping) and all(key in item for key in keys):
        found = take(lambda old: isinstance(old, Mapping) and all(old.get(key) == item[key] for key in keys))
        if found is not None:
            return found
    found = take(lambda old: identical(old, item))
    if found is None and position in left:
        del left[position]
        return position
    return found


def identical(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: ``1``, ``1.0``, ``True``, ``"1"``, null and absent all differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(identical(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(identical, one, other))
    return type(one) is type(other) and bool(one == other)


class _LongDumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """PyYAML's writer, with the quotes that :func:`needs_quotes` asks for."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_string(dumper: Any, text: str) -> Any:
    style = "|" if _is_block(text) else '"' if needs_quotes(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_LongDumper.add_representer(str, _represent_string)
_LongDumper.add_multi_representer(Mapping, yaml.SafeDumper.represent_dict)
_LONG: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 2**31 - 1}


def _round_trip_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        written = CommentedMap()
        for key, child in value.items():
            written[_quoted_key(key)] = _round_trip_value(child)
        return written
    if isinstance(value, list | tuple):
        return CommentedSeq(_round_trip_value(child) for child in value)
    if isinstance(value, str):
        return _quoted_string(value)
    return value


def _quoted_string(value: str) -> Any:
    if _is_block(value):
        return LiteralScalarString(value)
    return DoubleQuotedScalarString(value) if needs_quotes(value) else value


def _is_block(value: str) -> bool:
    """Whether a literal block (``|``) holds it: several lines, of which the outer ones are not blank."""
    lines = value.removesuffix("\n").split("\n")
    return (
        "\n" in value
        and not _ESCAPED.search(value)
        and not lines[0].startswith((" ", "\t"))
        and all(line.strip() for line in (lines[0], lines[-1]))
    )


def _quoted_key(key: str) -> Any:
    return DoubleQuotedScalarString(key) if isinstance(key, str) and needs_quotes(key) else key


def needs_quotes(text: str) -> bool:
    """Whether a YAML parser would read the unquoted text as another string, or as no string at all."""
    if not text or text != text.strip() or "\n" in text or _ESCAPED.search(text):
        return True
    value, surprise = resolve(text)
    return not isinstance(value, str) or bool(surprise) or text[0].isdigit() or text in ("=", "<<")


def _dump(document: Any) -> str:
    out = io.StringIO()
    _round_trip().dump(document, out)
    return out.getvalue().removesuffix("...\n")


def _round_trip() -> YAML:
    written = YAML()
    written.preserve_quotes = True
    written.width = sys.maxsize  # a folded string is harder to read, and to write exactly
    written.indent(mapping=2, sequence=4, offset=2)
    return written
