"""What is wrong with a contract or an input: where it is, what it is, and what would put it right.

Everything that reads a person's text reports :class:`Problem` values, all at once; nothing here formats for
a page, an API answer or a terminal. ``docs/reference/problems.md`` explains every code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, in the author's words.

    ``path`` is printed as its author would say it (``spec.resources[1].id``); lines and columns count from 1,
    and 0 means that the place in the text is not known.
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

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line or "", self.column or "") if part)
        where = " ".join(part for part in (place, self.path) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} {self.hint}" if self.hint else text


class Rejected(Exception):
    """A text or an input cannot be accepted. Carries every problem, not the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.is_error]


def in_reading_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort as a reader meets them: by place in the text; those without a place come last."""
    return tuple(
        sorted(set(problems), key=lambda p: (p.line == 0, p.line, p.column, p.path, p.code, p.message))
    )


def nearest(word: str, candidates: Iterable[str]) -> str:
    """The candidate that a person most likely meant by ``word``, or an empty text."""
    names = sorted(set(candidates))
    lowered = {name.lower(): name for name in names}
    if word.lower() in lowered:
        return lowered[word.lower()]
    matches = get_close_matches(word, names, n=1, cutoff=0.6)
    return matches[0] if matches else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint for an unknown word, or an empty text when nothing is near."""
    name = nearest(word, candidates)
    return f"Did you mean “{name}”?" if name else ""
