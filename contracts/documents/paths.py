"""Paths into a document: tuples of keys and indexes, and their text form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

Path = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[^\W\d][\w-]*\Z")
_PRINTED = re.compile(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([^.\[\]]+)')


def print_path(path: Sequence[str | int]) -> str:
    """``("spec", "ports", 0, "a.b/c")`` → ``spec.ports[0]["a.b/c"]`` (kro §3.2)."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.match(part):
            text += f".{part}" if text else part
        else:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def parse_path(text: str) -> Path:
    """The opposite of :func:`print_path`; also accepts ``labels['a.b']`` and a leading dot.

    Raises ``ValueError`` when the text is not a path.
    """
    path: list[str | int] = []
    text = re.sub(r"\['((?:[^'\\]|\\.)*)'\]", lambda m: f'["{m[1]}"]', text.strip())
    at = 0
    while at < len(text):
        match = _PRINTED.match(text, at)
        if match is None:
            raise ValueError(f"“{text}” is not a path")
        number, quoted, plain = match.groups()
        if number is not None:
            path.append(int(number))
        elif quoted is not None:
            path.append(quoted.replace('\\"', '"').replace("\\\\", "\\"))
        else:
            path.append(plain)
        at = match.end()
    return tuple(path)


MISSING: Any = object()


def get(data: Any, path: Sequence[str | int], default: Any = None) -> Any:
    """The value at ``path``, or ``default`` as soon as one step does not exist."""
    for part in path:
        if isinstance(part, int):
            if not isinstance(data, list | tuple) or not -len(data) <= part < len(data):
                return default
            data = data[part]
        else:
            if not isinstance(data, dict) or part not in data:
                return default
            data = data[part]
    return data
