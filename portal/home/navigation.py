"""The entries of the sidebar: what the settings list, where it leads, and what may be counted beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import NoReverseMatch, reverse

from portal.accounts.models import User
from portal.accounts.permission import PLATFORM, can
from portal.hooks import load


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    icon: str
    url: str
    key: str = ""  # pressed after "g"
    count: int = 0
    hot: bool = False  # the count asks for attention
    current: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


def navigation(user: User | AnonymousUser, path: str) -> list[Section]:
    """Sections with the entries that this person may use; empty sections are left out."""
    current = current_url(path, settings.NAVIGATION)
    sections = []
    for title, items in settings.NAVIGATION:
        entries = tuple(entry for item in items if (entry := make_entry(item, user, current)))
        if entries:
            sections.append(Section(title, entries))
    return sections


def make_entry(item: Mapping[str, Any], user: User | AnonymousUser, current: str) -> Entry | None:
    url = address(item)
    if not url or ("verb" in item and not can(user, item["verb"], PLATFORM)):
        return None
    count = counted(item["view"], user)
    return Entry(
        label=item["label"], icon=item["icon"], url=url, key=item.get("key", ""),
        count=count, hot=bool(item.get("hot")), current=url == current,
    )  # fmt: skip


def counted(view: str, user: User | AnonymousUser) -> int:
    dotted = settings.NAVIGATION_COUNTS.get(view)
    count = load(dotted) if dotted else None
    return int(count(user)) if count and user.is_authenticated else 0


def current_url(path: str, sections: Iterable[tuple[str, Iterable[Mapping[str, Any]]]]) -> str:
    """The entry whose address is the longest beginning of the path; the front page only when it is exactly
    that."""
    urls = [address(item) for _, items in sections for item in items]
    matching = [url for url in urls if url and (path == url or (url != "/" and path.startswith(url)))]
    return max(matching, key=len, default="")


def address(item: Mapping[str, Any]) -> str:
    """Where the entry leads; nothing while its room has no such page."""
    try:
        return reverse(item["view"])
    except NoReverseMatch:
        return ""
