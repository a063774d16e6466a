"""The diff of two texts: removed and added lines with a few lines of context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from contracts.views.highlight import highlighted, lines_of

CONTEXT = 3
# The time to compare grows with the product of the lengths; longer texts are not compared here.
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class DiffLine:
    """``before`` and ``after`` are the line's numbers in the two texts, 0 where the line does not occur."""

    kind: Literal["same", "removed", "added", "gap"]
    before: int = 0
    after: int = 0
    html: str = ""  # safe


@dataclass(frozen=True, slots=True)
class TextDiff:
    lines: tuple[DiffLine, ...]
    added: int
    removed: int
    too_long: bool = False


def text_diff(before: str, after: str) -> TextDiff:
    old, new = lines_of(before), lines_of(after)
    if len(old) + len(new) > MAX_LINES:
        return TextDiff((), 0, 0, too_long=True)
    lines = tuple(changed_lines(before, after, old, new))
    added = sum(line.kind == "added" for line in lines)
    removed = sum(line.kind == "removed" for line in lines)
    return TextDiff(lines, added, removed)


def changed_lines(before: str, after: str, old: list[str], new: list[str]) -> Iterator[DiffLine]:
    old_html, new_html = highlighted(before), highlighted(after)
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)
    for group in groups:
        if group[0][1] > 0:
            yield DiffLine("gap")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                for step in range(old_to - old_from):
                    yield DiffLine(
                        "same", old_from + step + 1, new_from + step + 1, old_html[old_from + step]
                    )
                continue
            for number in range(old_from, old_to):
                yield DiffLine("removed", before=number + 1, html=old_html[number])
            for number in range(new_from, new_to):
                yield DiffLine("added", after=number + 1, html=new_html[number])
