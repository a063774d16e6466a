"""The YAML text of a draft: values in, values out, and writing into a person's text without losing it.

Reading is :func:`contracts.documents.read` (what Kubernetes would understand, safe on hostile text). Writing
uses ruamel.yaml's round trip, so that comments, the order of keys and what the form does not draw live on.
Texts that a YAML 1.1 reader such as kubectl would take for something else are quoted.
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

Drawn = Callable[[Path], bool]
LIMITS = Limits(size=256 * 1024)
_EMPTY: tuple[Any, ...] = ("", None)


def read_manifest(text: str) -> tuple[Document | None, list[Problem]]:
    """The one document of a draft, and every problem of its text. No document when it cannot be used."""
    documents, problems = read(text, limits=LIMITS)
    if len(documents) > 1:
        message = "The text holds several documents (“---”); an instance is one."
        problems.append(Problem("several-documents", message, line=1, column=1))
    if documents and not isinstance(documents[0].data, dict):
        message = "An instance is a mapping: apiVersion, kind, metadata and spec."
        problems.append(Problem("not-a-mapping", message, line=1, column=1))
        return None, problems
    return (documents[0] if documents else None), problems


def from_yaml(text: str) -> tuple[Any, str]:
    """The value of a small YAML text inside a form, and what is wrong with it. Blank is ``MISSING``."""
    if not text.strip():
        return MISSING, ""
    documents, problems = read(text, limits=LIMITS)
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        first = errors[0]
        return text, f"Line {first.line}: {first.message}" if first.line else first.message
    if len(documents) != 1:
        return text, "Write one YAML value."
    return documents[0].data, ""


def to_yaml(value: Any) -> str:
    """``value`` as YAML text; an empty text for nothing."""
    if value is MISSING or value is None or value in ({}, []):
        return ""
    out = io.StringIO()
    _round_trip().dump(_written(value), out)
    return out.getvalue().removesuffix("...\n")


def merge(text: str, wanted: Mapping[str, Any], drawn: Drawn, keys: Callable[[Path], Sequence[str]]) -> str:
    """Make ``text`` say ``wanted`` with as little change as possible.

    ``drawn(path)``: whether the form shows that path, so that a missing value means "remove it".
    ``keys(path)``: the fields that tell the items of the list at ``path`` apart. Empty values that were
    written (``""``, ``[]``) stay when the form leaves them blank. A text that cannot be read is written anew.
    """
    try:
        document = _round_trip().load(text) if text.strip() else CommentedMap()
    except (YAMLError, ValueError):
        document = CommentedMap()
    if not isinstance(document, CommentedMap):
        document = CommentedMap()
    _merge_map(document, wanted, (), drawn, keys)
    out = io.StringIO()
    _round_trip().dump(document, out)
    return out.getvalue()


def _merge_map(
    have: CommentedMap,
    wanted: Mapping[str, Any],
    path: Path,
    drawn: Drawn,
    keys: Callable[[Path], Sequence[str]],
) -> None:
    for key in [key for key in have if key not in wanted]:
        empty = have[key] in _EMPTY or have[key] == {} or have[key] == []
        if drawn((*path, str(key))) and not empty:
            del have[key]
    for key, value in wanted.items():
        old = have.get(key, MISSING)
        below = (*path, key)
        if isinstance(old, CommentedMap) and isinstance(value, Mapping):
            _merge_map(old, value, below, drawn, keys)
        elif isinstance(old, CommentedSeq) and isinstance(value, list):
            _merge_list(old, value, below, drawn, keys)
        elif old == "":
            # ruamel would go on with the quotes of the empty text
            super(CommentedMap, have).__setitem__(key, _written(value))
        elif not _same(old, value):
            have[_written_key(key)] = _written(value)


def _merge_list(
    have: CommentedSeq,
    wanted: Sequence[Any],
    path: Path,
    drawn: Drawn,
    keys: Callable[[Path], Sequence[str]],
) -> None:
    """Items are matched by their key fields, else by value, else by position, so that their comments go with
    them.
    """
    left = dict(enumerate(have))
    comments = dict(have.ca.items)
    matched = [_match(item, position, left, keys(path)) for position, item in enumerate(wanted)]
    before = list(have)
    del have[:]
    have.ca.items.clear()
    for position, (item, source) in enumerate(zip(wanted, matched, strict=True)):
        old = before[source] if source is not None else MISSING
        below = (*path, position)
        if isinstance(old, CommentedMap) and isinstance(item, Mapping):
            _merge_map(old, item, below, drawn, keys)
            have.append(old)
        elif isinstance(old, CommentedSeq) and isinstance(item, list):
            _merge_list(old, item, below, drawn, keys)
            have.append(old)
        else:
            have.append(old if _same(old, item) else _written(item))
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


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        written = CommentedMap()
        for key, child in value.items():
            written[_written_key(key)] = _written(child)
        return written
    if isinstance(value, list | tuple):
        return CommentedSeq(_written(child) for child in value)
    if isinstance(value, str):
        return _written_text(value)
    return value


def _written_text(value: str) -> Any:
    if "\n" in value and not any(line.startswith((" ", "\t")) for line in value.split("\n")[:1]):
        return LiteralScalarString(value)
    return DoubleQuotedScalarString(value) if needs_quotes(value) else value


def _written_key(key: str) -> Any:
    return DoubleQuotedScalarString(key) if isinstance(key, str) and needs_quotes(key) else key


def needs_quotes(text: str) -> bool:
    """Whether some YAML reader takes the bare text for something else than a text."""
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
