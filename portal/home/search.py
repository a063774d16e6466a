"""The command palette: pages, and the results of ``SEARCH_PROVIDERS``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.accounts.models import User
from portal.home.navigation import navigation
from portal.hooks import hooks

MOST_PER_GROUP = 6


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the palette. ``kind`` is the heading of its group, such as "Instances"."""

    kind: str
    label: str
    url: str
    icon: str = "arrow-right"
    detail: str = ""


def find(user: User, text: str) -> dict[str, list[Result]]:
    """Results by heading. Providers return only what the user may see."""
    groups: dict[str, list[Result]] = {}
    for result in (
        *pages(user, text),
        *(hit for _, search in hooks("SEARCH_PROVIDERS") for hit in search(user, text)),
    ):
        group = groups.setdefault(result.kind, [])
        if len(group) < MOST_PER_GROUP:
            group.append(result)
    return groups


def pages(user: User, text: str) -> Iterable[Result]:
    for section in navigation(user, ""):
        for entry in section.entries:
            if text.lower() in entry.label.lower():
                detail = f"g {entry.key}" if entry.key else ""
                yield Result("Go to", entry.label, entry.url, entry.icon, detail)
