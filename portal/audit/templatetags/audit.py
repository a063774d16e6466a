"""Filters for the page of the audit log: ``{% load audit %}``."""

from __future__ import annotations

import re
from typing import Any

from django import template

from portal.audit.wording import verb_label

register = template.Library()
register.filter("verb_label", verb_label)

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12})[0-9a-f]{28,}")
MOST = 60


@register.filter
def short(value: Any) -> str:
    """A digest by its first twelve characters, other text by its first sixty."""
    text = str(value)
    if found := _DIGEST.fullmatch(text):
        return found[1]
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


@register.filter
def items(value: Any) -> list[Any]:
    """The items of a list; of another value, nothing."""
    return value if isinstance(value, list) else []
