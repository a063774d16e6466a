"""Every key of the Contract document is documented in the reference pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.compiler.parsing.presentation import CONTRACT_SCHEMA

DOCS = Path(__file__).resolve().parents[3] / "docs/reference"
TESTS = (DOCS / "contract-tests.md").read_text()
PAGES = (DOCS / "contract.md").read_text() + TESTS


def keys(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, child in (schema.get("properties") or {}).items():
        yield name
        yield from keys(child)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), Mapping):
            yield from keys(schema[inner])


@pytest.mark.parametrize("key", sorted(set(keys(CONTRACT_SCHEMA)) - {"examples"}))
def test_a_key_is_explained(key: str) -> None:
    assert re.search(rf"`(form\.)?{key}`|\b{key}:", PAGES)


def test_the_examples_are_yaml() -> None:
    blocks = TESTS.split("```yaml\n")[1:]
    assert all(isinstance(yaml.safe_load(block.partition("```")[0]), dict) for block in blocks)
