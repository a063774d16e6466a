"""Filters for the page of the audit log: ``{% load audit %}``."""

from __future__ import annotations

import re
from typing import Any

from django import template

register = template.Library()

_NOUNS = {"apitoken": "API token", "membership": "member"}
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12})[0-9a-f]{28,}")
MOST = 60


@register.filter
def action_label(verb: str) -> str:
    """``contract.published`` → “Contract published”."""
    noun, _, done = verb.partition(".")
    words = f"{_NOUNS.get(noun, noun)} {done}".replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


@register.filter
def short(value: Any) -> str:
    """A digest by its first twelve characters, other text by its first sixty."""
    text = str(value)
    if found := _DIGEST.fullmatch(text):
        return found[1]
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"
