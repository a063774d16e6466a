"""Colours and spacing come from tokens (static/css/tokens.css)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

STYLES = sorted((Path(settings.BASE_DIR) / "static" / "css").glob("*.css"))
OTHERS = [path for path in STYLES if path.name != "tokens.css"]
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SPACING = re.compile(r"^\s+((?:margin|padding|gap|row-gap|column-gap)[a-z-]*):([^;]*);", re.MULTILINE)
LENGTH = re.compile(r"(?<![\w-])-?[0-9.]+(px|rem|em)\b")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")
TOKEN = re.compile(r"var\((--[\w-]+)")
DEFINITION = re.compile(r"(--[\w-]+):")


def css(path: Path) -> str:
    return COMMENT.sub("", path.read_text())


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_spacing_comes_from_tokens(path: Path) -> None:
    literal = [f"{name}:{value}" for name, value in SPACING.findall(css(path)) if LENGTH.search(value)]
    assert literal == [], "use var(--space-…)"


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_colours_come_from_tokens(path: Path) -> None:
    assert COLOUR.findall(css(path)) == []


def test_every_token_that_is_used_is_defined() -> None:
    text = "".join(css(path) for path in STYLES)
    assert set(TOKEN.findall(text)) - set(DEFINITION.findall(text)) == set()
