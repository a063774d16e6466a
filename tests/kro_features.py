"""kro's features and the tests that cover them; ``python -m tests.kro_features`` writes the page's tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/reference/kro-compatibility.md"


@dataclass(frozen=True, slots=True)
class Feature:
    """``tests``: node ids of pytest, in which ``*`` matches any part of a parameter's id."""

    row: int
    feature: str
    tests: tuple[str, ...] = ()
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Quirk:
    """A quirk of kro, and what Slipway does instead."""

    kro: str
    here: str
    tests: tuple[str, ...] = ()


def documents() -> list[list[dict[str, Any]]]:
    found = list(yaml.safe_load_all((HERE / "kro_features.yaml").read_text()))
    return [[{**row, "tests": tuple(row.get("tests") or ())} for row in rows] for rows in found]


def features() -> list[Feature]:
    return [Feature(**row) for row in documents()[0]]


def quirks() -> list[Quirk]:
    return [Quirk(**row) for row in documents()[1]]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def updated(page: str) -> str:
    """The page with current tables."""
    rows = [(str(one.row), one.feature, one.differs or "the same") for one in features()]
    page = between(page, "features", table(("#", "In kro", "In Slipway"), rows))
    return between(page, "quirks", table(("In kro", "In Slipway"), [(s.kro, s.here) for s in quirks()]))


def between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, _, rest = page.partition(begin)
    return before + begin + text + end + rest.partition(end)[2]


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
