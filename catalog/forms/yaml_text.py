"""The YAML text of a draft: parsing, serialising, and merging values into text that a user wrote.

Parsing is :func:`contracts.documents.read`, which reads YAML as Kubernetes does and is safe on hostile text.
Serialising uses ruamel.yaml's round trip, which preserves comments, the order of keys and what the form does
not show. Strings that a YAML 1.1 parser such as kubectl's would read as another type are quoted.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from contracts.documents import Document, Limits, read
from contracts.documents.paths import MISSING, Path
from contracts.documents.scalars import resolve
from contracts.problems import Problem

PathTest = Callable[[Path], bool]
LIMITS = Limits(size=256 * 1024)
_EMPTY: tuple[Any, ...] = ("", None)


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
    out = io.StringIO()
    _round_trip().dump(_round_trip_value(value), out)
    return out.getvalue().removesuffix("...\n")


def merge(
    text: str, desired: Mapping[str, Any], in_form: PathTest, keys: Callable[[Path], Sequence[str]]
) -> str:
    """Change ``text`` so that its value is ``desired``, with as few edits as possible.

    ``in_form(path)``: whether the form shows that path, so that a missing value means "remove it".
    ``keys(path)``: the merge keys of the list at ``path``. Empty values in the text (``""``, ``[]``) stay if
    the form leaves them blank. Text that cannot be parsed is replaced.
    """
    try:
        document = _round_trip().load(text) if text.strip() else CommentedMap()
    except (YAMLError, ValueError):
        document = CommentedMap()
    if not isinstance(document, CommentedMap):
        document = CommentedMap()
    _merge_map(document, desired, (), in_form, keys)
    out = io.StringIO()
    _round_trip().dump(document, out)
    return out.getvalue()


def _merge_map(
    have: CommentedMap,
    desired: Mapping[str, Any],
    path: Path,
    in_form: PathTest,
    keys: Callable[[Path], Sequence[str]],
) -> None:
    for key in [key for key in have if key not in desired]:
        empty = have[key] in _EMPTY or have[key] == {} or have[key] == []
        if in_form((*path, str(key))) and not empty:
            del have[key]
    for key, value in desired.items():
        old = have.get(key, MISSING)
        below = (*path, key)
        if isinstance(old, CommentedMap) and isinstance(value, Mapping):
            _merge_map(old, value, below, in_form, keys)
        elif isinstance(old, CommentedSeq) and isinstance(value, list):
            _merge_list(old, value, below, in_form, keys)
        elif old == "":
            # ruamel would reuse the quotes of the empty string
            super(CommentedMap, have).__setitem__(key, _round_trip_value(value))
        elif not _same(old, value):
            have[_quoted_key(key)] = _round_trip_value(value)


def _merge_list(
    have: CommentedSeq,
    desired: Sequence[Any],
    path: Path,
    in_form: PathTest,
    keys: Callable[[Path], Sequence[str]],
) -> None:
    """Match items by merge keys, else by value, else by position, so that they retain their comments."""
    left = dict(enumerate(have))
    comments = dict(have.ca.items)
    matched = [_match(item, position, left, keys(path)) for position, item in enumerate(desired)]
    before = list(have)
    del have[:]
    have.ca.items.clear()
    for position, (item, source) in enumerate(zip(desired, matched, strict=True)):
        old = before[source] if source is not None else MISSING
        below = (*path, position)
        if isinstance(old, CommentedMap) and isinstance(item, Mapping):
            _merge_map(old, item, below, in_form, keys)
            have.append(old)
        elif isinstance(old, CommentedSeq) and isinstance(item, list):
            _merge_list(old, item, below, in_form, keys)
            have.append(old)
        else:
            have.append(old if _same(old, item) else _round_trip_value(item))
        if source in comments:
            have.ca.items[position] = comments[source]


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
    found = take(lambda old: _same(old, item))
    if found is None and position in left:
        del left[position]
        return position
    return found


def _same(old: Any, new: Any) -> bool:
    """Equal and of one type: ``1``, ``1.0``, ``True`` and ``"1"`` are four values."""
    if isinstance(new, Mapping):
        return (
            isinstance(old, Mapping) and old.keys() == new.keys() and all(_same(old[k], new[k]) for k in new)
        )
    if isinstance(new, list):
        if not isinstance(old, list) or len(old) != len(new):
            return False
        return all(_same(a, b) for a, b in zip(old, new, strict=True))
    plain = bool | int | float | str | None
    if not isinstance(old, plain):
        return False
    for kind in (bool, int, float, str):
        if isinstance(old, kind) or isinstance(new, kind):
            return isinstance(old, kind) and isinstance(new, kind) and old == new
    return old is None and new is None


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
    if "\n" in value and not any(line.startswith((" ", "\t")) for line in value.split("\n")[:1]):
        return LiteralScalarString(value)
    return DoubleQuotedScalarString(value) if needs_quotes(value) else value


def _quoted_key(key: str) -> Any:
    return DoubleQuotedScalarString(key) if isinstance(key, str) and needs_quotes(key) else key


def needs_quotes(text: str) -> bool:
    """Whether a YAML parser would read the unquoted text as another type than a string."""
    if not text or text != text.strip():
        return True
    value, surprise = resolve(text)
    return not isinstance(value, str) or bool(surprise) or text[0].isdigit() or text in ("=", "<<")


def _round_trip() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
