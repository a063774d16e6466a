"""kro's features and the tests that show them; ``python -m tests.kro_features`` writes the page's table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/reference/kro-compatibility.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


@dataclass(frozen=True, slots=True)
class Feature:
    """``tests``: node ids of pytest, in which ``*`` stands for any part of a parameter's id."""

    row: int
    feature: str
    tests: tuple[str, ...] = ()
    differs: str = ""


def features() -> list[Feature]:
    rows = yaml.safe_load((HERE / "kro_features.yaml").read_text())
    return [Feature(**{**row, "tests": tuple(row.get("tests") or ())}) for row in rows]


def table() -> str:
    lines = ["| # | In kro | In Slipway |", "|---|---|---|"]
    for one in features():
        cells = (str(one.row), one.feature, one.differs or "the same")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The page with the table of today."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
