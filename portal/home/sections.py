"""What rooms above put on the front page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from portal.hooks import hooks


@dataclass(frozen=True, slots=True)
class HomeSection:
    """A template with its context. ``wide`` ones go across the page, the others stand two beside each
    other."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    wide: bool = False


def sections(request: HttpRequest) -> dict[str, list[HomeSection]]:
    """Hooks of ``HOME_SECTIONS`` take the request and return sections."""
    found = [section for _, make in hooks("HOME_SECTIONS") for section in make(request)]
    return {"wide": [one for one in found if one.wide], "beside": [one for one in found if not one.wide]}
