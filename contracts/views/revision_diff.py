"""Two texts beside each other: what was taken away, what was added, and a few lines around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from contracts.views.highlight import highlighted, lines_of

CONTEXT = 3
# Comparing takes time with the product of the lengths; longer texts are compared by downloading them.
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """``before`` and ``after`` are the line's numbers in the two texts, 0 where it does not stand."""

    kind: Literal["same", "removed", "added", "gap"]
    before: int = 0
    after: int = 0
    html: str = ""  # safe


@dataclass(frozen=True, slots=True)
class Difference:
    lines: tuple[Line, ...]
    added: int
    removed: int
    too_long: bool = False


def difference(before: str, after: str) -> Difference:
    old, new = lines_of(before), lines_of(after)
    if len(old) + len(new) > MOST_LINES:
        return Difference((), 0, 0, too_long=True)
    lines = tuple(changed_lines(before, after, old, new))
    added = sum(line.kind == "added" for line in lines)
    removed = sum(line.kind == "removed" for line in lines)
    return Difference(lines, added, removed)


def changed_lines(before: str, after: str, old: list[str], new: list[str]) -> Iterator[Line]:
    old_html, new_html = highlighted(before), highlighted(after)
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)
    for group in groups:
        if group[0][1] > 0:
            yield Line("gap")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                for step in range(old_to - old_from):
                    yield Line("same", old_from + step + 1, new_from + step + 1, old_html[old_from + step])
                continue
            for number in range(old_from, old_to):
                yield Line("removed", before=number + 1, html=old_html[number])
            for number in range(new_from, new_to):
                yield Line("added", after=number + 1, html=new_html[number])
