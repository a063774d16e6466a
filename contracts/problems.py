"""What is wrong with a contract or an input: what it is, where it is, and how to fix it.

Everything that reads user input reports :class:`Problem` values, all at once; nothing here formats them for a
page, an API response or a terminal. ``docs/reference/problems.md`` explains every code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Literal

Severity = Literal["error", "warning"]
_NODE_NUMBER = re.compile(r"(?<=\Aspec\.resources\[)\d+(?=\])")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a contract or an input.

    ``path`` is for machines: it leads from the document's root (``spec.resources[1].template``). People see
    ``display_path``, which names the node by its id, ``node``. Lines and columns count from 1; 0 means that
    the position in the text is not known.
    """

    code: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    severity: Severity = "error"
    hint: str = ""
    file: str = ""
    node: str = ""

    @property
    def display_path(self) -> str:
        """``path`` with the id of the node instead of its number: ``spec.resources[web].template``."""
        return _NODE_NUMBER.sub(lambda _: self.node, self.path) if self.node else self.path

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "display_path": self.display_path}

    def __str__(self) -> str:
        position = ":".join(str(part) for part in (self.file, self.line or "", self.column or "") if part)
        where = " ".join(part for part in (position, self.display_path) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} {self.hint}" if self.hint else text


class Rejected(Exception):
    """A text or an input is not valid. Has every problem, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.is_error]


def in_reading_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sorted by position in the text; problems without a position come last."""
    return tuple(
        sorted(set(problems), key=lambda p: (p.line == 0, p.line, p.column, p.path, p.code, p.message))
    )


def nearest(word: str, candidates: Iterable[str]) -> str:
    """The candidate that the user most likely meant by ``word``, or an empty string."""
    names = sorted(set(candidates))
    lowered = {name.lower(): name for name in names}
    if word.lower() in lowered:
        return lowered[word.lower()]
    matches = get_close_matches(word, names, n=1, cutoff=0.6)
    return matches[0] if matches else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint for an unknown word, or an empty string when no candidate is similar."""
    name = nearest(word, candidates)
    return f"Did you mean “{name}”?" if name else ""
