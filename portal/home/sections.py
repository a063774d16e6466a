"""Sections that other packages add to the home page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from portal.hooks import hooks


@dataclass(frozen=True, slots=True)
class HomeSection:
    """A template with its context. ``wide`` sections span the page; others are in two columns."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    wide: bool = False


def sections(request: HttpRequest) -> dict[str, list[HomeSection]]:
    """Sections by layout. The hooks of ``HOME_SECTIONS`` take the request."""
    found = [section for _, make in hooks("HOME_SECTIONS") for section in make(request)]
    return {"wide": [one for one in found if one.wide], "columns": [one for one in found if not one.wide]}
