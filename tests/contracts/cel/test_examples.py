"""Every expression of kro's own examples is found, parsed and printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.cel import parse, scan

pytestmark = pytest.mark.conformance


def _expressions(text: str) -> Iterator[str]:
    position = text.find("${")
    while position >= 0:
        end = scan(text, position + 2)
        if end is None:
            return
        yield text[position + 2 : end]
        position = text.find("${", end)


def test_expressions_of_the_examples(conformance: Path) -> None:
    found = {
        expression
        for path in (conformance / "kro" / "examples").rglob("*.yaml")
        for expression in _expressions(path.read_text())
    }
    assert len(found) > 100
    for expression in found:
        read = parse(expression)
        assert parse(read.unparse()).unparse() == read.unparse()
        assert read.references or read.functions
